package dev.monopod.host.machine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.host.machine.Hypervisor.Accelerator;
import dev.monopod.host.program.Outcome;
import dev.monopod.host.program.Program;
import dev.monopod.host.program.ProgramRunner;
import dev.monopod.host.program.Running;
import dev.monopod.host.program.Text;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a kernel's words under KVM tell.
final class AcceleratorProbeTest {
    private static final String FIRST_WORDS = "Probing EDD\n[    0.0] Linux version 6.1\n";
    private static final String LAST_WORDS = FIRST_WORDS + "[    0.9] Kernel panic - no root\n";

    private final List<Duration> limits = new ArrayList<>();

    @Test
    void kernelThatComesToItsEndShowsThatKvmWorks() throws IOException {
        assertThat(boots(Duration.ofMillis(300), LAST_WORDS)).isTrue();
        assertThat(limits).hasSize(1);
    }

    @Test
    void kernelThatIsOnlySlowIsWaitedFor() throws IOException {
        assertThat(boots(Duration.ofSeconds(20), LAST_WORDS)).isTrue();
        assertThat(limits).endsWith(AcceleratorProbe.SLOW_LIMIT).hasSize(2);
    }

    @Test
    void kernelThatNeverSaysAWordIsNotWaitedForAgain() throws IOException {
        assertThat(boots(Duration.ofDays(1), "Probing EDD\n")).isFalse();
        assertThat(limits).hasSize(1);
    }

    @Test
    void kernelThatHangsHalfwayShowsThatKvmDoesNotWork() throws IOException {
        assertThat(boots(Duration.ofDays(1), FIRST_WORDS)).isFalse();
        assertThat(limits).hasSize(2);
    }

    @Test
    void qemuThatEndsWithoutAKernelsWordsShowsThatKvmDoesNotWork() throws IOException {
        assertThat(boots(Duration.ZERO, "failed to initialize KVM: Permission denied")).isFalse();
    }

    @Test
    void silentKernelIsWaitedForWhereKvmWorkedBeforeTheLastBootOfTheHost(@TempDir Path folder)
            throws IOException {
        var host = new SlowHost(Duration.ofSeconds(20));
        Files.createDirectories(folder.resolve("data"));
        Files.writeString(
                folder.resolve("data/accelerator.json"),
                "{\"circumstances\":\"another boot\",\"accelerator\":\"KVM\"}");
        assertThat(probe(folder, host)).isEqualTo(Accelerator.KVM);
        assertThat(host.limits).containsExactly(AcceleratorProbe.SLOW_LIMIT);
    }

    @Test
    void silentKernelIsNotWaitedForWhereNothingIsKnown(@TempDir Path folder) throws IOException {
        var host = new SlowHost(Duration.ofSeconds(20));
        Files.createDirectories(folder.resolve("data"));
        assertThat(probe(folder, host)).isEqualTo(Accelerator.TCG);
        assertThat(host.limits).containsExactly(AcceleratorProbe.LIMIT);
    }

    @Test
    void kvmThatComesAfterAllElseIsFoundWithoutAnotherBoot(@TempDir Path folder)
            throws IOException {
        var host = new SlowHost(Duration.ofMillis(300));
        Files.createDirectories(folder.resolve("data"));
        var absent = folder.resolve("kvm-that-is-not-there");
        assertThat(new AcceleratorProbe(configuration(folder), absent, host).accelerator())
                .isEqualTo(Accelerator.TCG);
        assertThat(probe(folder, host)).isEqualTo(Accelerator.KVM);
        assertThat(probe(folder, host)).isEqualTo(Accelerator.KVM);
        assertThat(host.limits).as("boots").hasSize(1);
    }

    private static Accelerator probe(Path folder, ProgramRunner host) throws IOException {
        var device = folder.resolve("kvm");
        Files.write(device, new byte[0]);
        return new AcceleratorProbe(configuration(folder), device, host).accelerator();
    }

    private static QemuConfiguration configuration(Path folder) throws IOException {
        Files.createDirectories(folder.resolve("guest"));
        Files.writeString(folder.resolve("guest/vmlinuz"), "a kernel");
        return new QemuConfiguration(
                folder.resolve("guest"),
                folder.resolve("data"),
                folder.resolve("run"),
                QemuConfiguration.Clones.OFF);
    }

    /// Its kernels say nothing until they come to their end.
    private static final class SlowHost implements ProgramRunner {
        private final Duration needed;
        private final List<Duration> limits = new ArrayList<>();

        SlowHost(Duration needed) {
            this.needed = needed;
        }

        @Override
        public Outcome run(Program program) {
            if (program.command().contains("--version")) {
                return new Outcome.Ended(0, new Text("QEMU emulator 7.2", 0), Text.EMPTY);
            }
            if (!program.command().contains("-kernel")) {
                return new Outcome.Ended(0, Text.EMPTY, Text.EMPTY);
            }
            limits.add(program.limit());
            return program.limit().compareTo(needed) < 0
                    ? new Outcome.TooLate(Text.EMPTY, Text.EMPTY)
                    : new Outcome.Ended(0, new Text(LAST_WORDS, 0), Text.EMPTY);
        }

        @Override
        public Running start(Program program, Path log) {
            throw new UnsupportedOperationException("nothing is to outlive a probe");
        }
    }

    /// @param needed time until the boot ends
    /// @param console what it has written at any moment
    private boolean boots(Duration needed, String console) throws IOException {
        return AcceleratorProbe.boots(
                AcceleratorProbe.LIMIT,
                limit -> {
                    limits.add(limit);
                    var words = new Text(console, 0);
                    return limit.compareTo(needed) < 0
                            ? new Outcome.TooLate(words, Text.EMPTY)
                            : new Outcome.Ended(0, words, Text.EMPTY);
                });
    }
}
