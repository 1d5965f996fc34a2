package dev.monopod.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.model.names.Defaults;
import java.io.IOException;
import java.util.Arrays;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/// What a release's files say is true of the rest of this checkout.
final class ReleaseTest {
    /// Packages of the launcher that only a build needs, or that the packages of a release bring.
    private static final Set<String> ONLY_TO_BUILD =
            Set.of(
                    "busybox-static",
                    "cpio",
                    "gcc",
                    "libc6-dev",
                    "libseccomp-dev",
                    "pkg-config",
                    "protobuf-compiler",
                    "xz-utils",
                    "zstd");

    @Test
    void dependsOnAllThatTheLauncherInstallsForRunning() throws IOException {
        MatchResult packages =
                Pattern.compile("(?m)^packages=\"([^\"]+)\"")
                        .matcher(Checkout.read("monopod"))
                        .results()
                        .findFirst()
                        .orElseThrow();
        Set<String> installed =
                Arrays.stream(packages.group(1).split("\\s+", -1)).collect(Collectors.toSet());
        Set<String> wanted =
                Checkout.read("release/depends")
                        .lines()
                        .map(line -> line.split(" ", 2)[0])
                        .collect(Collectors.toSet());

        installed.removeAll(ONLY_TO_BUILD);
        // Every Debian has it; which one, matters to what is linked with it.
        wanted.remove("libc6");
        assertThat(wanted).isEqualTo(installed);
    }

    @Test
    void theUnitNamesTheUsualFolders() throws IOException {
        String unit = Checkout.read("release/monopod.service");

        assertThat(unit)
                .contains(
                        "ExecStart=%s/programs/current/monopod-control-plane supervise --config %<s/supervisor.json\n"
                                .formatted(Defaults.DATA_DIRECTORY))
                .contains(
                        "ExecStartPre=%s/programs/current/bin/monopod start --network-only\n"
                                .formatted(Defaults.DATA_DIRECTORY))
                .contains("EnvironmentFile=-%s/environment\n".formatted(Defaults.DATA_DIRECTORY));
    }

    /// Else systemd would end the machines with the supervisor, or the supervisor with a machine.
    @Test
    void machinesOutliveTheSupervisor() throws IOException {
        assertThat(Checkout.read("release/monopod.service").lines())
                .contains(
                        "Type=notify",
                        "KillMode=process",
                        "OOMPolicy=continue",
                        "Restart=on-failure",
                        "Delegate=yes",
                        "TasksMax=infinity");
    }

    @Test
    void saysWhereDebianKeepsTheKernelsSources() throws IOException {
        assertThat(Checkout.read("guest/build.sh")).contains("> \"$dist/kernel\"");
        assertThat(Checkout.read("release/make")).contains(",kernel,");
    }
}
