package dev.monopod.cli.installation;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Which control groups `monopod down` removes, and waits for.
final class ControlGroupsTest {
    @TempDir private Path root;

    @Test
    void findsOursInEveryHierarchyAndNobodyElses() throws IOException {
        for (var group :
                new String[] {
                    "monopod/m-1/inner",
                    "cpu/monopod/m-2",
                    "system.slice/monopod-exporter.service",
                    "cpu/monopod2/m-3",
                    "docker/4af/monopod/m-4",
                    "user.slice/user-0.slice/monopod"
                }) {
            Files.createDirectories(root.resolve(group));
        }
        Files.createSymbolicLink(root.resolve("cpuacct"), root.resolve("cpu"));

        assertThat(HostSnapshot.controlGroups(root))
                .containsExactlyInAnyOrder(
                        root + "/monopod",
                        root + "/monopod/m-1",
                        root + "/monopod/m-1/inner",
                        root + "/cpu/monopod",
                        root + "/cpu/monopod/m-2");
    }

    @Test
    void findsNoneWhereThereAreNoControlGroups() {
        assertThat(HostSnapshot.controlGroups(root.resolve("none"))).isEmpty();
    }
}
