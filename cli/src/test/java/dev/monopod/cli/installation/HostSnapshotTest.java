package dev.monopod.cli.installation;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class HostSnapshotTest {
    private static final Path DATA = Path.of("/var/lib/monopod");

    @ParameterizedTest
    @ValueSource(
            strings = {
                "java -jar /var/lib/monopod/programs/lib/monopod-agent-0.1.0.jar",
                "monopod-control-plane etcd --data-dir=/var/lib/monopod",
                "java --data-dir /var/lib/monopod --run-dir /run/monopod",
                "qemu-system-x86_64 -drive format=raw,file=/var/lib/monopod/machines/m-1/scratch.img",
                "java -Dconfig='/var/lib/monopod'",
            })
    void findsAFolderInACommandLine(String commandLine) {
        assertThat(HostSnapshot.names(commandLine, DATA)).isTrue();
    }

    /// Whose processes `down` would end.
    @ParameterizedTest
    @ValueSource(
            strings = {
                "java -jar /var/lib/monopod2/programs/lib/monopod-agent-0.1.0.jar",
                "monopod-control-plane etcd --data-dir=/var/lib/monopod-staging",
                "java -jar /var/lib/monopod.old/agent.jar",
                "java -jar /srv/chroot/var/lib/monopod/agent.jar",
                "java -jar ./var/lib/monopod/agent.jar",
            })
    void leavesNeighboursAlone(String commandLine) {
        assertThat(HostSnapshot.names(commandLine, DATA)).isFalse();
    }

    @Test
    void readsTheMountPointOfALine() {
        assertThat(HostSnapshot.mountPoint("/run/monopod/x (tmpfs)")).isEqualTo("/run/monopod/x");
        assertThat(HostSnapshot.mountPoint("/srv/a\\040(b) (fuse.x)")).isEqualTo("/srv/a (b)");
    }
}
