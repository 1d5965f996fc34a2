package dev.monopod.testkit.program;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.monopod.host.program.HostPrograms;
import dev.monopod.host.program.Outcome;
import dev.monopod.host.program.Program;
import dev.monopod.host.program.ProgramFailure;
import dev.monopod.host.program.Text;
import dev.monopod.testkit.program.FaultyPrograms.Fault;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
final class FaultyProgramsTest {
    private static final Duration LONG = Duration.ofSeconds(15);

    private final FaultyPrograms programs = new FaultyPrograms(new HostPrograms());

    @Test
    void runsWhatHasNoFault() {
        programs.fail("false", new Fault.Missing());

        assertThat(programs.run(Program.of(LONG, "echo", "sound")))
                .isEqualTo(new Outcome.Ended(0, new Text("sound\n", 0), Text.EMPTY));
    }

    @Test
    void endsAsToldUntilMended() throws ProgramFailure {
        programs.fail("echo", new Fault.Ends(1, "no space left on device"));

        assertThatThrownBy(() -> programs.output(Program.of(LONG, "echo", "x")))
                .isInstanceOf(ProgramFailure.class)
                .hasMessageContaining("exit code 1")
                .hasMessageContaining("no space left on device");

        programs.mend("echo");
        assertThat(programs.output(Program.of(LONG, "echo", "x"))).isEqualTo("x\n");
    }

    @Test
    void missesAProgramThatIsThere() {
        programs.fail("echo", new Fault.Missing());

        assertThat(programs.run(Program.of(LONG, "echo")))
                .isEqualTo(new Outcome.NotStarted("there is no program echo on the PATH"));
        assertThatThrownBy(() -> programs.start(Program.of(LONG, "echo"), Path.of("/dev/null")))
                .hasMessageContaining("there is no program echo");
    }

    @Test
    void hangsNoLongerThanTheLimit() {
        programs.fail("echo", new Fault.Hangs());

        assertThat(programs.run(Program.of(Duration.ofMillis(10), "echo")))
                .isEqualTo(new Outcome.TooLate(Text.EMPTY, Text.EMPTY));
    }

    @Test
    void runsWhatHungOnceItIsMended() throws Exception {
        programs.fail("echo", new Fault.Hangs());
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var hung = threads.submit(() -> programs.output(Program.of(LONG, "echo", "late")));

            programs.mend("echo");

            assertThat(hung.get()).isEqualTo("late\n");
        }
    }

    @Test
    void remembersWhatWasAsked() {
        programs.fail("echo", new Fault.Missing());
        programs.run(Program.of(LONG, "echo", "one"));
        programs.run(Program.of(LONG, "true"));

        assertThat(programs.asked())
                .extracting(Program::toString)
                .containsExactly("echo one", "true");
    }
}
