package dev.monopod.agent.pod.scope;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.agent.pod.scope.StartTrace.Step;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class StartTraceTest {
    private static final Instant BEGUN = Instant.parse("2026-01-01T00:00:00Z");

    private static Instant at(long millis) {
        return BEGUN.plusMillis(millis);
    }

    @Test
    void tellsTheShareOfEachStepInTheOrderInWhichTheyWereReached() {
        var trace =
                StartTrace.begun(BEGUN)
                        .with(Step.IMAGES, at(2))
                        .with(Step.NETWORK, at(48))
                        .with(Step.MACHINE, at(150))
                        .with(Step.BOUND, at(61))
                        .with(Step.ANSWERED, at(4150))
                        .with(Step.VOLUMES, at(4200))
                        .with(Step.STARTED, at(4500))
                        .with(Step.TOLD, at(4512));

        assertThat(trace)
                .hasToString(
                        "4512 ms: images 2, network 46, bound 13, machine 89, answered 4000,"
                                + " volumes 50, started 300, told 12");
        assertThat(trace.whole()).isTrue();
    }

    @Test
    void aStepThatIsReachedAgainCountsOnce() {
        var trace = StartTrace.begun(BEGUN).with(Step.STARTED, at(10)).with(Step.STARTED, at(9000));

        assertThat(trace).hasToString("10 ms: started 10");
    }

    @Test
    void sharesAddUpThoughEachIsRounded() {
        var trace =
                StartTrace.begun(BEGUN)
                        .with(Step.NETWORK, BEGUN.plusNanos(1_600_000))
                        .with(Step.IMAGES, BEGUN.plusNanos(3_200_000))
                        .with(Step.MACHINE, BEGUN.plusNanos(4_800_000));

        assertThat(trace).hasToString("4 ms: network 1, images 2, machine 1");
    }

    @Test
    void aPodThatRanBeforeTheAgentHasNoStart() {
        var trace = StartTrace.begun(BEGUN).with(Step.ANSWERED, at(5)).with(Step.TOLD, at(9));

        assertThat(trace.whole()).isFalse();
    }
}
