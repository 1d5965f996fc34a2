package dev.monopod.agent.pod.life;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.agent.pod.spec.PodPlan;
import dev.monopod.model.time.Moment;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/// The record of a pod as commit 5ebcc40 left it: its container ended once, and runs again.
final class EarlierRecordTest {
    private static final Moment NOW =
            new Moment(Instant.ofEpochMilli(1796050470000L), Instant.parse("2026-01-01T00:00:00Z"));
    private static final PodPlan PLAN =
            new PodLife(spec ->
                    spec.withRestartPolicy("Always")
                            .withContainers(
                                    new ContainerBuilder()
                                            .withName("main")
                                            .withImage("127.0.0.1:5055/busybox:1")
                                            .build()))
                    .state.plan();

    @Test
    void isReadWithAllThatWasKnown() throws IOException {
        var record = PodRecord.parse(earlier());

        assertThat(record.machineStarted()).isTrue();
        assertThat(record.resolved()).containsOnlyKeys("main");
        assertThat(record.diskPaths()).hasSize(1);
        var main = record.restore(PLAN, NOW).container("main");
        assertThat(main.attempt()).isEqualTo(1);
        assertThat(main.phase())
                .isEqualTo(new ContainerPhase.Running(Instant.ofEpochMilli(1796050460042L)));
        assertThat(main.last().orElseThrow().exitCode()).isEqualTo(4);
        assertThat(main.ready()).isTrue();
    }

    @Test
    void isWrittenWithTheSameFieldsSoThatOneMayGoBack() throws IOException {
        assertThat(new String(PodRecord.parse(earlier()).json(), StandardCharsets.UTF_8))
                .isEqualTo(new String(earlier(), StandardCharsets.UTF_8));
    }

    @Test
    void isReadWithFieldsThatOnlyALaterVersionKnows() throws IOException {
        var later =
                new String(earlier(), StandardCharsets.UTF_8)
                        .replace("\"over\":false", "\"over\":false,\"hibernated\":{\"at\":7}")
                        .replace("\"attempt\":1", "\"attempt\":1,\"checkpoint\":\"c\"");

        assertThat(PodRecord.parse(later.getBytes(StandardCharsets.UTF_8)))
                .isEqualTo(PodRecord.parse(earlier()));
    }

    private static byte[] earlier() throws IOException {
        try (InputStream file =
                Objects.requireNonNull(
                        EarlierRecordTest.class.getResourceAsStream("/earlier/pod.json"))) {
            return file.readAllBytes();
        }
    }
}
