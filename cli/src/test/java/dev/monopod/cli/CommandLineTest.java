package dev.monopod.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

final class CommandLineTest {
    @TempDir private Path folder;

    /// How a command ended.
    private record Outcome(int code, String errors) {}

    @Test
    void wrongUsageEndsWithTwo() {
        assertThat(run("fly").code()).isEqualTo(2);
        assertThat(run("profile").code()).isEqualTo(2);
        assertThat(run("profile", "create", "x").code()).isEqualTo(2);
        assertThat(run("status", "-o", "xml").code()).isEqualTo(2);
        assertThat(run("up", "--vpc-cidr", "10.0.0.0/8", "--data-dir", folder.toString()).code())
                .isEqualTo(2);
        assertThat(run("up", "--vpc-cidr", "nonsense", "--data-dir", folder.toString()).code())
                .isEqualTo(2);
    }

    @Test
    void failureEndsWithOneAndNamesTheRemedy() {
        Outcome outcome = run("image", "load", folder.resolve("none.tar").toString());

        assertThat(outcome.code()).isEqualTo(1);
        assertThat(outcome.errors())
                .isEqualTo("monopod: " + folder + "/none.tar: no such file, or not readable\n");
    }

    @Test
    void deletesNoFolderThatUpDidNotMake() throws IOException {
        Path precious = Files.createDirectories(folder.resolve("a/precious"));
        DownSteps down =
                new DownSteps(
                        new Layout(
                                folder,
                                folder.resolve("a").resolve("precious"),
                                folder.resolve("a/run")));

        org.assertj.core.api.Assertions.assertThatThrownBy(() -> down.files(false))
                .isInstanceOf(CliException.class);
        assertThat(precious).exists();
    }

    @Test
    void deletesItsOwnFolderButFollowsNoLinkOutOfIt() throws IOException {
        Path data = Files.createDirectories(folder.resolve("b/data"));
        Path outside =
                Files.createFile(
                        Files.createDirectories(folder.resolve("b/outside")).resolve("file"));
        Layout layout = new Layout(folder, data, folder.resolve("b/run"));
        Files.createFile(layout.marker());
        Files.createSymbolicLink(data.resolve("link"), outside.getParent());

        new DownSteps(layout).files(false);

        assertThat(data).doesNotExist();
        assertThat(outside).exists();
    }

    @Test
    void completionScriptsAreValidShell() throws IOException {
        for (String shell : new String[] {"bash", "fish"}) {
            String script = standardOutput("completion", shell);

            assertThat(script).contains("doctor", "profile", "kubeconfig");
            if (shell.equals("bash")) {
                Path file = Files.writeString(folder.resolve("completion"), script);
                assertThat(
                                Programs.run(Duration.ofSeconds(10), "bash", "-n", file.toString())
                                        .exitCode())
                        .isZero();
            }
        }
    }

    @Test
    void supervisorsConfigurationSurvivesReadingWhatUpWrote() throws IOException {
        Layout layout = new Layout(folder.resolve("dist"), folder, folder.resolve("run"));
        UpConfig config =
                new UpConfig(
                        "default",
                        "10.42.0.0/16",
                        "10.100.0.0/16",
                        "us-west-2",
                        "host",
                        10,
                        10,
                        "",
                        "",
                        new UpConfig.Place("198.51.100.1", ""));

        config.write(layout);

        assertThat(UpConfig.read(layout)).contains(config);
        assertThat(Json.write(config.supervisor(layout)))
                .contains("\"hostAddress\" : \"10.42.0.4\"", "\"dnsAddress\" : \"10.100.0.10\"")
                .contains("\"networkNamespace\" : \"monopod-vpc-default\"")
                .contains("198.51.100.1", "--underlay-address", "monopod-controller-0.1.0.jar")
                .doesNotContain("--host-address");
    }

    @Test
    void readsWhatAVersionWroteThatKnewOfOneHostOnly() throws IOException {
        Layout layout = new Layout(folder.resolve("dist"), folder, folder.resolve("run"));
        Files.writeString(
                folder.resolve("up.json"),
                """
                {"vpc": "default", "vpcCidr": "10.42.0.0/16", "serviceCidr": "10.100.0.0/16",
                 "region": "us-west-2", "hostName": "host", "cpuOvercommit": 10,
                 "storageOvercommit": 10, "kubeconfig": "", "joinedDns": ""}
                """);

        UpConfig config = UpConfig.read(layout).orElseThrow();

        assertThat(config.place()).isEqualTo(UpConfig.Place.ALONE);
        assertThat(config.hostAddress()).isEqualTo("10.42.0.4");
    }

    @Test
    void aMemberRunsNoControllerAndHasAnAddressOfItsOwn() {
        Layout layout = new Layout(folder.resolve("dist"), folder, folder.resolve("run"));
        UpConfig config =
                new UpConfig(
                        "default",
                        "10.42.0.0/16",
                        "10.100.0.0/16",
                        "us-west-2",
                        "second",
                        10,
                        10,
                        folder.resolve(UpConfig.MEMBER_KUBECONFIG).toString(),
                        "10.100.0.10",
                        new UpConfig.Place("198.51.100.2", "10.42.0.5"));

        assertThat(Json.write(config.supervisor(layout)))
                .contains("\"hostAddress\" : \"10.42.0.5\"", "\"controlPlane\" : false")
                .contains("--host-address", "--underlay-address", "198.51.100.2")
                .doesNotContain("monopod-controller-0.1.0.jar");
    }

    @Test
    void joinNamesTheArgumentThatIsWrong() {
        String hash = "sha256:" + "a".repeat(64);

        assertThat(run("join", "192.0.2.1", "--ca-hash", hash).errors()).contains("--token");
        assertThat(run("join", "192.0.2.1", "--token", "abc", "--ca-hash", hash).errors())
                .contains("--token: not of the form");
        assertThat(
                        run(
                                        "join",
                                        "192.0.2.1",
                                        "--token",
                                        "abcdef.0123456789abcdef",
                                        "--ca-hash",
                                        "x")
                                .errors())
                .contains("--ca-hash x");
        assertThat(
                        run(
                                        "join",
                                        "192.0.2.1",
                                        "--token",
                                        "abcdef.0123456789abcdef",
                                        "--ca-hash",
                                        hash,
                                        "--host-name",
                                        "Second!")
                                .errors())
                .contains("--host-name Second!");
    }

    @Test
    void findsTheAddressesOfThisMachineButMonopods() {
        assertThat(
                        Underlays.global(
                                """
                                2: eth0    inet 198.51.100.7/24 brd 198.51.100.255 scope global dynamic eth0\\       valid_lft 1sec
                                4: mp-default    inet 192.168.0.4/32 scope global mp-default\\       valid_lft forever
                                5: eth1    inet 203.0.113.9/24 scope global eth1\\       valid_lft forever
                                """))
                .containsExactly("198.51.100.7", "203.0.113.9");
    }

    private static Outcome run(String... arguments) {
        CommandLine command = MonopodMain.commandLine();
        StringWriter errors = new StringWriter();
        command.setErr(new PrintWriter(errors, true));
        command.setOut(new PrintWriter(new StringWriter()));
        return new Outcome(command.execute(arguments), errors.toString());
    }

    private static String standardOutput(String... arguments) {
        PrintStream standard = System.out;
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        System.setOut(new PrintStream(bytes, true, StandardCharsets.UTF_8));
        try {
            MonopodMain.commandLine().execute(arguments);
        } finally {
            System.setOut(standard);
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }
}
