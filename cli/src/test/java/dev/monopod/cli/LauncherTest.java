package dev.monopod.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.host.program.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The launcher's functions, with builds that build nothing.
final class LauncherTest {
    /// Parts that end in another order than they begin: what ends first was told last.
    private static final String PARTS =
            """
            build_control_plane() { printf 'k8s.io/api\\nk8s.io/client-go\\n'; sleep 1.5; }
            build_java() { echo '[INFO] Building monopod-kube 0.1.0      [4/10]'; sleep 0.1; }
            """;

    @TempDir private Path checkout;

    @BeforeEach
    void copyTheLauncher() throws IOException {
        Files.writeString(checkout.resolve("monopod"), Checkout.read("monopod"));
        Files.createDirectories(checkout.resolve("release"));
        Files.writeString(checkout.resolve("release/commands"), Checkout.read("release/commands"));
    }

    @Test
    void tellsEachPartsOwnTimeAsItEnds() throws IOException {
        Outcome.Ended result = run(PARTS + "build");

        assertThat(result.errors().kept()).isEmpty();
        assertThat(result.output().kept().lines().map(line -> line.replaceAll(" +", " ")))
                .hasSize(2)
                .first()
                .matches(line -> line.startsWith("✓ build java "), "java is told first");
        assertThat(seconds(result, "java")).isLessThan(1);
        assertThat(seconds(result, "control-plane")).isBetween(1.5, 20.0);
    }

    @Test
    void tellsWhatIsStillBuiltWithoutATerminal() throws IOException {
        Outcome.Ended result =
                run(
                        """
                        dist=$PWD
                        printf 'k8s.io/api\\nk8s.io/client-go\\n' >build-control-plane.log
                        printf '[INFO] Building monopod-kube 0.1.0   [4/10]\\n[INFO] x\\n' >build-java.log
                        printf '   Compiling tonic v0.1\\n   Compiling rustls v0.2\\n' >build-guest.log
                        : >build-image-busybox.log
                        for seconds in 1 14 15 16 29 30; do
                            progress $seconds control-plane java guest image-busybox
                        done
                        """);

        assertThat(result.output().kept().lines())
                .containsExactly(
                        "  building for 15 s: control-plane (2 packages) · java (kube, 4 of 10) · guest (2 crates, now rustls) · image-busybox",
                        "  building for 30 s: control-plane (2 packages) · java (kube, 4 of 10) · guest (2 crates, now rustls) · image-busybox");
    }

    @Test
    void showsTheEndOfTheLogOfAPartThatFailsAndLetsTheOthersEnd() throws IOException {
        Outcome.Ended result =
                run(
                        """
                        build_control_plane() { sleep 0.5; }
                        build_java() { echo 'it is broken'; false; echo unreached; }
                        build
                        """);

        assertThat(result.code()).isEqualTo(1);
        assertThat(result.output().kept())
                .contains("✓ build control-plane")
                .doesNotContain("✓ build java");
        assertThat(result.errors().kept())
                .contains("✗ build java (status 1)", "it is broken", "monopod: the build failed")
                .doesNotContain("unreached");
    }

    @Test
    void noticesAPartThatWasKilledWithoutAWord() throws IOException {
        Outcome.Ended result =
                run(
                        """
                        build_control_plane() { true; }
                        build_java() { kill -9 "$BASHPID"; }
                        build
                        """);

        assertThat(result.code()).isEqualTo(1);
        assertThat(result.errors().kept()).contains("✗ build java (status killed)");
    }

    @Test
    void namesEverythingThatIsMissingAtOnceAndBuildsNothing() throws IOException {
        Outcome.Ended result =
                run(
                        """
                        mkdir "$root/guest"
                        id() { echo 1000; }
                        command() { return 1; }
                        missing() { printf 'haproxy\\nnftables\\n'; }
                        find_java() { problem 'no JDK 25' 'apt-get install temurin-25-jdk'; }
                        build() { echo built; }
                        install() { echo installed; }
                        tun=/nonexistent
                        main up --vpc-cidr 10.0.0.0/16
                        """);

        assertThat(result.code()).isEqualTo(1);
        assertThat(result.output().kept()).isEmpty();
        assertThat(result.errors().kept())
                .startsWith("monopod: 7 things are missing; nothing was built or changed:\n")
                .contains(
                        "up makes machines and networks: run it as root",
                        "/nonexistent is missing",
                        "→ as root: apt-get install --no-install-recommends haproxy nftables",
                        "→ apt-get install temurin-25-jdk",
                        "no Maven",
                        "no Go",
                        "no Rust");
    }

    @Test
    void namesThePortsThatAreTakenBeforeTheFirstUp() throws IOException {
        try (var socket = new java.net.ServerSocket()) {
            socket.bind(
                    new java.net.InetSocketAddress(java.net.InetAddress.getLoopbackAddress(), 0));
            String check =
                    """
                    export MONOPOD_RUN=$PWD MONOPOD_DATA=$PWD
                    tun=/dev/null
                    ports=%d control_plane_ports=1
                    check_host up
                    printf '%%s\\n' "${problems[@]}"
                    """
                            .formatted(socket.getLocalPort());

            assertThat(run(check).output().kept())
                    .contains("ports are taken: " + socket.getLocalPort() + "\n");
            Files.createFile(checkout.resolve("up.json"));
            assertThat(run(check).output().kept()).doesNotContain("ports are taken");
        }
    }

    private Outcome.Ended run(String script) throws IOException {
        Path file =
                Files.writeString(
                        checkout.resolve("test.sh"),
                        "cd '%s'\nsource ./monopod\n%s".formatted(checkout, script));
        return Checkout.run("bash", file.toString());
    }

    private static double seconds(Outcome.Ended result, String part) {
        var line =
                Pattern.compile("✓ build " + part + " +([0-9.]+) s")
                        .matcher(result.output().kept());
        assertThat(line.find()).as(result.output().kept()).isTrue();
        return Double.parseDouble(line.group(1));
    }
}
