package dev.monopod.cli.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.kube.api.Host;
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

    private static Host host(String name, String heartbeat) {
        return Serialization.unmarshal(
                "---\n{metadata: {name: %s}, status: {heartbeat: '%s'}}".formatted(name, heartbeat),
                Host.class);
    }
}
