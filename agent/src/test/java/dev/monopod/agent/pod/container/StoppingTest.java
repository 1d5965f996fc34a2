package dev.monopod.agent.pod.container;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.model.time.SteadyClock;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class StoppingTest {
    private static final Duration LONG = Duration.ofHours(1);
    private final Stopping stopping = new Stopping(SteadyClock.ofProcess());

    private Thread later(Runnable told) {
        return Thread.ofVirtual().start(told);
    }

    @Test
    void waitsForTheTurnUntilItComes() throws Exception {
        stopping.within(LONG);
        Thread other = later(stopping::due);
        stopping.awaitTurn();
        other.join();
        assertThat(stopping.left()).isPositive();
    }

    @Test
    void nothingIsWaitedForOnceTheAttemptHasEnded() throws Exception {
        stopping.within(LONG);
        Thread other = later(stopping::over);
        stopping.awaitHook();
        stopping.awaitTurn();
        other.join();
        assertThat(stopping.awaitEnd(LONG)).isTrue();
        assertThat(stopping.awaitEndFor(LONG)).isTrue();
    }

    @Test
    void aShorterGraceEndsAWaitThatIsUnderWay() throws Exception {
        stopping.within(LONG);
        Thread other = later(() -> stopping.within(Duration.ofMillis(1)));
        stopping.awaitHook();
        other.join();
        assertThat(stopping.left()).isLessThan(Duration.ofSeconds(1));
    }

    @Test
    void aLongerGraceChangesNothing() {
        stopping.within(Duration.ofMillis(1));
        stopping.within(LONG);
        assertThat(stopping.left()).isLessThan(Duration.ofSeconds(1));
    }

    @Test
    void noGraceAtAllLeavesNoMinimum() throws Exception {
        stopping.within(LONG);
        stopping.within(Duration.ZERO);
        assertThat(stopping.awaitEnd(LONG)).isFalse();
    }
}
