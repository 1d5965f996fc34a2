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
                        "");

        config.write(layout);

        assertThat(UpConfig.read(layout)).contains(config);
        assertThat(Json.write(config.supervisor(layout)))
                .contains("\"hostAddress\" : \"10.42.0.4\"", "\"dnsAddress\" : \"10.100.0.10\"")
                .contains("\"networkNamespace\" : \"monopod-vpc-default\"");
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
