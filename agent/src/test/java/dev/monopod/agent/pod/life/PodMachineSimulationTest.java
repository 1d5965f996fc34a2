package dev.monopod.agent.pod.life;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/// [PodMachine] with its record, killed and restored at any moment, for many random lives. Seeds
/// that fail are told, and fail again by `-Dmonopod.simulation.seed=SEED`.
final class PodMachineSimulationTest {
    private static final long SEEDS = 10_000;

    @Test
    void everyPodKeepsItsPromisesWheneverItsAgentIsKilled() {
        Long one = Long.getLong("monopod.simulation.seed");
        LongStream seeds = one == null ? LongStream.range(0, SEEDS) : LongStream.of(one);
        ConcurrentSkipListMap<Long, String> failed = new ConcurrentSkipListMap<>();
        seeds.parallel()
                .forEach(seed -> {
                    try {
                        new PodSimulation(seed).run();
                    } catch (AssertionError | RuntimeException e) {
                        failed.put(seed, e.toString());
                    }
                });
        assertThat(failed)
                .as(() ->
                        "%d seeds fail: %s; the first: %s"
                                .formatted(failed.size(), failed.keySet(), first(failed)))
                .isEmpty();
    }

    private static String first(ConcurrentSkipListMap<Long, String> failed) {
        Map.Entry<Long, String> first = failed.firstEntry();
        return first == null ? "none" : "seed %d: %s".formatted(first.getKey(), first.getValue());
    }
}
