package dev.monopod.host.machine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.host.program.HostPrograms;
import dev.monopod.host.program.Program;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(20)
class ProcessEndTest {
    private static final Duration LONG = Duration.ofSeconds(10);

    @TempDir Path folder;

    @Test
    void tellsTheEndOfAChild() throws Exception {
        var child =
                new HostPrograms().start(Program.of(LONG, "sleep", "600"), folder.resolve("log"));
        var end = ProcessEnd.of(MachineProcess.of(child.pid()));

        assertThat(end.within(Duration.ZERO)).isFalse();
        child.kill();

        assertThat(end.within(LONG)).isTrue();
    }

    @Test
    void tellsTheEndOfAProcessThatIsNobodysChild() throws Exception {
        var pid = orphan();
        var end = ProcessEnd.of(MachineProcess.of(pid));

        assertThat(end.within(Duration.ZERO)).isFalse();
        ProcessHandle.of(pid).orElseThrow().destroyForcibly();

        assertThat(end.within(LONG)).isTrue();
    }

    @Test
    void takesAnotherProcessOfTheSameNumberForTheEnd() throws Exception {
        var self = ProcessHandle.current().pid();

        var end = ProcessEnd.of(new MachineProcess(self, 1));

        assertThat(end.within(LONG)).isTrue();
    }

    /// Its parent, another shell, ends at once.
    private long orphan() throws IOException, InterruptedException {
        var number = folder.resolve("pid");
        var parent =
                new HostPrograms()
                        .start(
                                Program.of(LONG, "sh", "-c", "sleep 600 & echo $! > " + number),
                                folder.resolve("log"));
        assertThat(parent.endsWithin(LONG)).isTrue();
        return Long.parseLong(Files.readString(number).strip());
    }
}
