package dev.monopod.model.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.model.loop.LoopHealth.Reach;
import dev.monopod.model.loop.LoopHealth.State;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

final class ProgressTest {
    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
    private static final Duration PERIOD = Duration.ofSeconds(10);
    private static final Duration LIMIT = Duration.ofSeconds(20);

    @Test
    void isFineBeforeItsStartAndWhileItRests() {
        assertThat(stateAt(Progress.none(), 3600)).isEqualTo(new State.Fine());
        assertThat(stateAt(succeeded(), 25)).isEqualTo(new State.Fine());
    }

    @Test
    void isStalledWhenAPassDoesNotEnd() {
        var running = Progress.none().began(START);

        assertThat(stateAt(running, 20)).isEqualTo(new State.Fine());
        assertThat(stateAt(running, 21)).isEqualTo(new State.Stalled(START));
    }

    @Test
    void isStalledWhenTheNextPassDoesNotBegin() {
        assertThat(stateAt(succeeded(), 31)).isEqualTo(new State.Stalled(START.plus(PERIOD)));
    }

    @Test
    void isStalledWhenANudgeIsNotHeeded() {
        var nudged = succeeded().hurried(START.plusSeconds(1), Duration.ZERO);

        assertThat(stateAt(nudged, 22)).isEqualTo(new State.Stalled(START.plusSeconds(1)));
    }

    @Test
    void isNotDelayedByANudgeThatComesLate() {
        assertThat(succeeded().hurried(START.plusSeconds(9), PERIOD)).isEqualTo(succeeded());
    }

    @Test
    void isFineHoweverLongItFollowsOthers() {
        var following = failed(succeeded(), 10).began(START.plusSeconds(12));

        assertThat(stateAt(following, 20)).isEqualTo(new State.Failing(START.plusSeconds(10)));
        assertThat(stateAt(following.follows(), 3600))
                .isEqualTo(new State.Failing(START.plusSeconds(10)));
        var mended = following.mended(START.plusSeconds(20));
        assertThat(stateAt(mended.follows(), 3600)).isEqualTo(new State.Fine());
        assertThat(stateAt(mended.follows().began(START), 21)).isEqualTo(new State.Stalled(START));
    }

    @Test
    void isFailingWhenFailuresLast() {
        var once = failed(succeeded(), 10);
        var twice = failed(once, 11);

        assertThat(stateAt(twice, 17)).isEqualTo(new State.Fine());
        assertThat(stateAt(twice, 18)).isEqualTo(new State.Failing(START.plusSeconds(10)));
        assertThat(health(twice, 18).line())
                .isEqualTo(
                        "[-]leases failed: java.lang.IllegalStateException: 410 Gone,"
                                + " 2 times since 2026-01-01T00:00:10Z");
    }

    @Test
    void isFineAgainAfterOneSuccess() {
        var again = failed(failed(succeeded(), 10), 30).succeeded(START.plusSeconds(31), PERIOD);

        assertThat(stateAt(again, 35)).isEqualTo(new State.Fine());
        assertThat(again.failures()).isZero();
        assertThat(health(again, 35).line()).isEqualTo("[+]leases ok");
    }

    @Test
    void remembersItsLastSuccessThroughFailures() {
        assertThat(health(failed(succeeded(), 10), 12).lastSuccess()).contains(START);
    }

    @Test
    void saysWhatEndedIt() {
        var ended = succeeded().ended(new OutOfMemoryError("heap"));

        assertThat(health(ended, 1).line())
                .isEqualTo("[-]leases failed: ended by java.lang.OutOfMemoryError: heap");
    }

    @Test
    void keepsWhatAFailureSaysShortAndOnOneLine() {
        var text = Progress.text(new IllegalStateException("a\n\tb" + "c".repeat(10_000)));

        assertThat(text).startsWith("java.lang.IllegalStateException: a bccc").hasSize(301);
    }

    private static Progress succeeded() {
        return Progress.none().began(START).succeeded(START, PERIOD);
    }

    private static Progress failed(Progress before, long second) {
        var now = START.plusSeconds(second);
        return before.began(now).failed(now, new IllegalStateException("410\nGone"), PERIOD);
    }

    private static State stateAt(Progress progress, long second) {
        return health(progress, second).state();
    }

    private static LoopHealth health(Progress progress, long second) {
        return progress.health("leases", new Reach.Process(), LIMIT, START.plusSeconds(second));
    }
}
