package dev.monopod.cli.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.kube.api.Host;
import dev.monopod.kube.api.HostSpec;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.Test;

final class HostsTest {
    private static final Clock CLOCK =
            Clock.fixed(Instant.parse("2026-01-01T00:00:10Z"), ZoneOffset.UTC);

    /// A host that was captured writes what it likes into its own object.
    @Test
    void aHostWhoseHeartbeatIsNoTimeHidesNoOther() {
        var table =
                Hosts.table(
                                List.of(host("a", "soon"), host("b", "2026-01-01T00:00:00Z")),
                                List.of(),
                                CLOCK)
                        .toString();

        assertThat(table)
                .containsPattern("a +NotReady .* \\? ")
                .containsPattern("b +Ready .* 10s ");
    }

    @Test
    void tellsWhyAHostTakesNoMachine() {
        var full = host("full", "2026-01-01T00:00:00Z");
        full.setStatus(
                Serialization.unmarshal(
                                """
                                status:
                                  heartbeat: "2026-01-01T00:00:00Z"
                                  conditions: [{type: DiskPressure, status: "True"}]
                                """,
                                Host.class)
                        .getStatus());
        var cordoned = host("cordoned", "2026-01-01T00:00:00Z");
        cordoned.setSpec(new HostSpec(null, true, null, null));

        assertThat(Hosts.table(List.of(full, cordoned), List.of(), CLOCK).toString())
                .containsPattern("full +Ready,DiskPressure ")
                .containsPattern("cordoned +Ready,SchedulingDisabled ");
    }

    private static Host host(String name, String heartbeat) {
        return Serialization.unmarshal(
                "---\n{metadata: {name: %s}, status: {heartbeat: '%s'}}".formatted(name, heartbeat),
                Host.class);
    }
}
