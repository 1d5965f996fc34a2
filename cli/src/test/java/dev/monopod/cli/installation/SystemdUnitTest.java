package dev.monopod.cli.installation;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SystemdUnitTest {
    @TempDir private Path folder;

    @BeforeEach
    void installARelease() throws IOException {
        Files.writeString(folder.resolve("release"), "0.2.0 0123456789ab\n");
        Files.writeString(folder.resolve("monopod.service"), "[Unit]\n");
    }

    @Test
    void anInstalledReleaseHasAUnitWhereSystemdRuns() {
        assertThat(exists(usual(), folder)).isTrue();
        assertThat(exists(usual(), folder.resolve("none"))).isFalse();
    }

    @Test
    void aCheckoutHasNone() throws IOException {
        Files.delete(folder.resolve("release"));

        assertThat(exists(usual(), folder)).isFalse();
    }

    @Test
    void foldersThatTheUnitDoesNotNameHaveNone() {
        Layout other = new Layout(folder, folder.resolve("data"), Layout.DEFAULT_RUN);

        assertThat(exists(other, folder)).isFalse();
    }

    @Test
    void anUnpackedTarballHasNoneUntilItsUnitFileIsInstalled() throws IOException {
        Files.delete(folder.resolve("monopod.service"));

        assertThat(exists(usual(), folder)).isFalse();
    }

    @Test
    void keepsWhatUpWasToldForProcessesOnly() {
        Map<String, String> environment =
                Map.of(
                        "MONOPOD_WARM", "3",
                        "MONOPOD_LOG_LEVEL", "say \"DEBUG\" \\",
                        "MONOPOD_DIST", "/usr/lib/monopod",
                        "MONOPOD_LINES", "two\nlines",
                        "HOME", "/root");

        assertThat(SystemdUnit.environmentFile(environment))
                .isEqualTo(
                        """
                        MONOPOD_LOG_LEVEL="say \\"DEBUG\\" \\\\"
                        MONOPOD_WARM="3"
                        """);
    }

    private Layout usual() {
        return new Layout(folder, Layout.DEFAULT_DATA, Layout.DEFAULT_RUN);
    }

    private boolean exists(Layout layout, Path booted) {
        return SystemdUnit.of(layout, booted, List.of(folder.resolve("monopod.service")))
                .isPresent();
    }
}
