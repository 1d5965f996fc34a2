package dev.monopod.host.program;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The programs here note their process numbers in [#pids], so that each test ends with the proof
/// that nothing of them is left.
@Timeout(20)
class HostProgramsTest {
    private static final Duration LIMIT = Duration.ofSeconds(1);
    private static final Duration LONG = Duration.ofSeconds(15);

    private final ProgramRunner programs = new HostPrograms();

    @TempDir Path folder;

    @AfterEach
    void nothingIsLeft() throws IOException {
        for (var pid : noted()) {
            await().atMost(Duration.ofSeconds(5)).until(() -> !runs(pid));
        }
    }

    @Test
    void returnsCodeOutputAndErrors() {
        var outcome = programs.run(shell("echo out; echo err >&2; exit 3", LONG));

        assertThat(outcome)
                .isEqualTo(new Outcome.Ended(3, new Text("out\n", 0), new Text("err\n", 0)));
    }

    @Test
    void writesInputLargerThanAPipeToAProgramThatAnswersMeanwhile() {
        var input = "0123456789".repeat(100_000);

        var outcome = programs.run(Program.of(LONG, "cat").withInput(input));

        assertThat(outcome).isEqualTo(new Outcome.Ended(0, new Text(input, 0), Text.EMPTY));
    }

    @Test
    void ignoresInputThatTheProgramDoesNotRead() {
        var outcome = programs.run(shell("exit 0", LONG).withInput("x".repeat(1 << 20)));

        assertThat(outcome).isEqualTo(new Outcome.Ended(0, Text.EMPTY, Text.EMPTY));
    }

    @Test
    void endsAProgramWhoseInputCannotBeMade() {
        var full = new IOException("no space left on device");

        var outcome =
                programs.run(
                        shell("echo $$ >> pids; cat; sleep 600", LONG)
                                .withInput(out -> {
                                    out.write(1);
                                    throw full;
                                }));

        assertThat(outcome).isEqualTo(new Outcome.InputFailed(full));
    }

    @Test
    void returnsWhenTheProgramEndsAlthoughAGrandchildHoldsItsOutput() {
        var start = System.nanoTime();

        var outcome = programs.run(shell("sleep 600 & echo $! >> pids; echo done", LONG));

        assertThat(outcome).isEqualTo(new Outcome.Ended(0, new Text("done\n", 0), Text.EMPTY));
        assertThat(elapsedSince(start)).isLessThan(Duration.ofSeconds(2));
    }

    @Test
    void returnsWithinItsLimitAlthoughAGrandchildHoldsItsOutput() {
        var start = System.nanoTime();

        var outcome =
                programs.run(shell("sleep 600 & echo $! >> pids; echo $$ >> pids; wait", LIMIT));

        assertThat(outcome).isInstanceOf(Outcome.TooLate.class);
        assertThat(elapsedSince(start)).isLessThan(LIMIT.plusSeconds(1));
    }

    @Test
    void killsAChildThatLeftTheGroup() {
        var start = System.nanoTime();

        var outcome =
                programs.run(
                        shell(
                                "setsid -w sh -c 'echo $$ >> pids; exec sleep 600' & echo $$ >> pids; wait",
                                LIMIT));

        assertThat(outcome).isInstanceOf(Outcome.TooLate.class);
        assertThat(elapsedSince(start)).isLessThan(LIMIT.plusSeconds(1));
    }

    @Test
    void returnsWithinItsLimitWhenTheProgramWritesForEver() {
        var start = System.nanoTime();

        var outcome = programs.run(shell("echo $$ >> pids; exec yes", LIMIT).keeping(1000));

        assertThat(outcome)
                .isInstanceOfSatisfying(
                        Outcome.TooLate.class,
                        late -> {
                            assertThat(late.output().kept()).hasSize(1000);
                            assertThat(late.output().droppedBytes()).isPositive();
                        });
        assertThat(elapsedSince(start)).isLessThan(LIMIT.plusSeconds(1));
    }

    @Test
    void returnsWithinItsLimitWhenTheProgramIgnoresSignals() {
        var start = System.nanoTime();

        var outcome =
                programs.run(
                        shell(
                                "trap '' TERM INT HUP; echo $$ >> pids; while :; do sleep 600; done",
                                LIMIT));

        assertThat(outcome).isInstanceOf(Outcome.TooLate.class);
        assertThat(elapsedSince(start)).isLessThan(LIMIT.plusSeconds(1));
    }

    @Test
    void returnsWithinItsLimitWhenTheSourceOfItsInputHangs() {
        var never = new CountDownLatch(1);
        var start = System.nanoTime();

        var outcome =
                programs.run(
                        Program.of(LIMIT, "cat")
                                .withInput(out -> {
                                    try {
                                        never.await();
                                    } catch (InterruptedException e) {
                                        Thread.currentThread().interrupt();
                                    }
                                }));

        assertThat(outcome).isInstanceOf(Outcome.TooLate.class);
        assertThat(elapsedSince(start)).isLessThan(LIMIT.plusSeconds(1));
    }

    @Test
    void namesAProgramThatIsMissing() {
        assertThat(programs.run(Program.of(LONG, "monopod-has-no-such")))
                .isEqualTo(
                        new Outcome.NotStarted(
                                "there is no program monopod-has-no-such on the PATH"));
        assertThat(programs.run(Program.of(LONG, "/nowhere/x")))
                .isEqualTo(new Outcome.NotStarted("there is no program /nowhere/x"));
    }

    @Test
    void killsTheProgramWhenItsCallerIsInterrupted() throws InterruptedException {
        var outcome = new AtomicReference<Outcome>(new Outcome.NotStarted("not yet"));
        var caller =
                Thread.ofVirtual()
                        .start(() ->
                                outcome.set(
                                        programs.run(
                                                shell("echo $$ >> pids; sleep 600 & wait", LONG))));
        await().until(() -> !noted().isEmpty());

        caller.interrupt();
        caller.join();

        assertThat(outcome.get()).isEqualTo(new Outcome.Interrupted());
    }

    @Test
    void hidesItsEnvironmentFromAProgramWithABareOne() {
        var bare = new Program.Environment.Bare(Map.of("WANTED", "yes"));

        var outcome = programs.run(Program.of(LONG, "env").withEnvironment(bare));

        assertThat(((Outcome.Ended) outcome).output().kept().lines())
                .allMatch(line -> line.startsWith("PATH=") || line.equals("WANTED=yes"))
                .hasSize(2);
    }

    @Test
    void tellsWhoFailedAndItsWords() {
        assertThatThrownBy(
                        () -> programs.output(Program.of(LONG, "sh", "-c", "echo no >&2; exit 4")))
                .isInstanceOf(ProgramFailure.class)
                .hasMessage("sh -c echo no >&2; exit 4 failed with exit code 4: no");
        assertThatThrownBy(() -> programs.output(Program.of(LIMIT, "sleep", "600")))
                .hasMessage("sleep 600 did not end within 1000 ms and was killed");
        assertThatThrownBy(() -> programs.output(Program.of(LONG, "echo", "longer").keeping(3)))
                .hasMessage("echo longer wrote 4 bytes more than the limit of 3");
    }

    @Test
    void startsAProgramInASessionOfItsOwnAndKillsAllOfIt() throws Exception {
        var log = folder.resolve("log");

        var running =
                programs.start(shell("echo begun; sleep 600 & echo $! >> pids; wait", LONG), log);

        await().until(() -> !noted().isEmpty());
        assertThat(Files.readString(log)).isEqualTo("begun\n");
        assertThat(session(running.pid())).isEqualTo(running.pid());
        assertThat(running.alive()).isTrue();
        running.kill();
        assertThat(running.endsWithin(Duration.ofSeconds(5))).isTrue();
    }

    private Program shell(String script, Duration limit) {
        return Program.of(limit, "sh", "-c", script.replace("pids", pids().toString()));
    }

    private Path pids() {
        return folder.resolve("pids");
    }

    private List<Long> noted() throws IOException {
        return Files.exists(pids())
                ? Files.readAllLines(pids()).stream().map(Long::parseLong).toList()
                : List.of();
    }

    private static boolean runs(long pid) throws IOException {
        var stat = Path.of("/proc/" + pid + "/stat");
        try {
            return !Files.readString(stat).contains(") Z ");
        } catch (IOException gone) {
            return false;
        }
    }

    /// Field 6 of `/proc/PID/stat`.
    private static long session(long pid) throws IOException {
        var stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
        return Long.parseLong(stat.substring(stat.lastIndexOf(')') + 2).split(" ")[3]);
    }

    private static Duration elapsedSince(long start) {
        return Duration.ofNanos(System.nanoTime() - start);
    }
}
