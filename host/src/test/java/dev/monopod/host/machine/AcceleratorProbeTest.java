package dev.monopod.host.machine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.host.program.Outcome;
import dev.monopod.host.program.Text;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

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

    /// @param needed time until the boot ends
    /// @param console what it has written at any moment
    private boolean boots(Duration needed, String console) throws IOException {
        return AcceleratorProbe.boots(limit -> {
            limits.add(limit);
            var words = new Text(console, 0);
            return limit.compareTo(needed) < 0
                    ? new Outcome.TooLate(words, Text.EMPTY)
                    : new Outcome.Ended(0, words, Text.EMPTY);
        });
    }
}
