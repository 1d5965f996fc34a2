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
    void completionScriptsAreValidShell() throws IOException {
        for (String shell : new String[] {"bash", "fish"}) {
            String script = standardOutput("completion", shell);

            assertThat(script).contains("doctor", "profile", "kubeconfig");
            if (shell.equals("bash")) {
                Path file = Files.writeString(folder.resolve("completion"), script);
                assertThat(Checkout.run("bash", "-n", file.toString()).code()).isZero();
            }
        }
    }

    @Test
    void theManualPageHasEveryCommandAndOption() {
        String page = standardOutput("man");

        assertThat(page)
                .startsWith(".TH MONOPOD 1 ")
                .contains(
                        "\n.SS monopod up\n",
                        "\n.SS monopod profile create",
                        "\n.SS monopod stop\n",
                        "\n.B \\-\\-kubeconfig FILE\n")
                .doesNotContain("\\-\\-network\\-only", "monopod man", "${");
        assertThat(page.lines())
                .as("lines that troff takes for macros")
                .allMatch(
                        line -> !line.startsWith(".") || line.matches("\\.(TH|SH|SS|TP|B)( .*)?"));
    }

    @Test
    void helpIsACommandToo() {
        assertThat(standardOutput("help", "up")).contains("--kubeconfig");
    }

    @Test
    void patchNamesTheOptionItsLimitAndTheValue() {
        assertThat(run("patch", "--now", "--deadline", "PT59S").errors())
                .isEqualTo("monopod: --deadline: from PT1M to P30D, not PT59S\n");
        assertThat(run("patch", "--now", "--notify", "ftp://x/").errors())
                .contains("--notify: an http or https URL", "ftp://x/");
        assertThat(run("patch", "--schedule", "0 25 * * *").errors())
                .contains("--schedule: five fields of cron", "`0 25 * * *`", "25");
        assertThat(run("patch", "--now", "--dry-run").code()).isEqualTo(2);
        assertThat(run("patch", "--now", "--deadline", "3d").code()).isEqualTo(2);
    }

    @Test
    void drainNamesTheOptionItsLimitAndTheValue() {
        assertThat(run("host", "drain", "one", "--timeout", "1d").errors())
                .contains("--timeout: hours, minutes and seconds", "at most 720h", "not `1d`");
        assertThat(run("host", "drain", "one", "--grace-period=-2").errors())
                .isEqualTo(
                        "monopod: --grace-period: from 0 to 2147483647 seconds, or -1 for each pod's own, not -2\n");
        assertThat(run("host", "drain").code()).isEqualTo(2);
    }

    @Test
    void backupAndRestoreAreOfTheFirstHost() {
        for (var act : new String[] {"backup", "restore"}) {
            Outcome outcome =
                    run(act, folder.resolve("file").toString(), "--data-dir", folder.toString());

            assertThat(outcome.code()).isEqualTo(1);
            assertThat(outcome.errors()).contains(folder + " has no control plane", "fix: ");
        }
    }

    @Test
    void startNeedsWhatUpRecorded() {
        Outcome outcome = run("start", "--data-dir", folder.resolve("data").toString());

        assertThat(outcome.code()).isEqualTo(1);
        assertThat(outcome.errors()).contains("was not brought up", "fix: monopod up");
    }

    @Test
    void joinNamesTheArgumentThatIsWrong() {
        String hash = "sha256:" + "a".repeat(64);

        assertThat(run("join", "192.0.2.1", "--ca-hash", hash).errors()).contains("--token");
        assertThat(run("join", "192.0.2.1", "--token", "abc", "--ca-hash", hash).errors())
                .contains("--token: not of the form");
        assertThat(run("join", "192.0.2.1", "--token-file", "/none", "--ca-hash", hash).errors())
                .contains("--token-file /none");
        assertThat(
                        run(
                                        "join",
                                        "192.0.2.1",
                                        "--token-file",
                                        "/none",
                                        "--token",
                                        "abc",
                                        "--ca-hash",
                                        hash)
                                .errors())
                .contains("not both");
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
    void listsNoImagesOfAHostThatHasNone() {
        assertThat(standardOutput("image", "list", "--data-dir", folder.toString()))
                .isEqualTo("IMAGE   DIGEST   MIB   STATE   LAST-USED\n");
        assertThat(standardOutput("image", "list", "-o", "json", "--data-dir", folder.toString()))
                .isEqualToIgnoringWhitespace("{\"images\": []}");
    }

    @Test
    void removesNoImageThatIsNotHere() {
        Outcome outcome = run("image", "remove", "busybox", "--data-dir", folder.toString());

        assertThat(outcome.code()).isEqualTo(1);
        assertThat(outcome.errors()).isEqualTo("monopod: image \"busybox\" is not here\n");
    }

    @Test
    void loadsNoTarThatIsNone() throws IOException {
        Path tar = Files.writeString(folder.resolve("t.tar"), "no tar");
        Outcome outcome = run("image", "load", tar.toString(), "--data-dir", folder.toString());

        assertThat(outcome.code()).isEqualTo(1);
        assertThat(outcome.errors()).startsWith("monopod: " + tar + " is not loaded: ");
    }

    @Test
    void statusOfAHostWithoutMonopodIsNoSuccess() throws IOException {
        Path run = folder.resolve("run");
        String text =
                standardOutput(
                        "status",
                        "-o",
                        "json",
                        "--data-dir",
                        folder.resolve("none").toString(),
                        "--run-dir",
                        run.toString());

        assertThat(new com.fasterxml.jackson.databind.ObjectMapper().readTree(text).path("up"))
                .hasToString("false");
    }

    @Test
    void makesNoTokenWhereNoClusterRuns() {
        Outcome outcome = run("token", "create", "--data-dir", folder.toString());

        assertThat(outcome.code()).isEqualTo(1);
        assertThat(outcome.errors())
                .isEqualTo("monopod: no cluster runs on this machine\n  fix: monopod up\n");
    }

    @Test
    void saysWhichVersionItIs() {
        assertThat(standardOutput("version")).startsWith("monopod 0.1.0\n");
        assertThat(standardOutput("version", "-o", "json")).contains("\"monopod\" : \"0.1.0\"");
    }

    @Test
    void everyCommandExplainsItself() {
        CommandLine command = MonopodMain.commandLine();
        command.getSubcommands()
                .forEach((name, sub) -> {
                    assertThat(sub.getUsageMessage()).as(name).contains("Usage: monopod " + name);
                    assertThat(sub.getCommandSpec().usageMessage().description())
                            .as(name)
                            .isNotEmpty();
                });
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
