package dev.monopod.controller.machine;

import static dev.monopod.controller.machine.HostSightings.Verdict.LOST;
import static dev.monopod.controller.machine.HostSightings.Verdict.THERE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.controller.machine.HostSightings.Verdict;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// A host is lost when nothing was heard of it for five minutes, and by nothing less.
final class HostSightingsTest {
    private static final Duration PERIOD = Duration.ofSeconds(5);

    private final HostSightings sightings = new HostSightings(HostSightings.LOST);
    private Instant now = Instant.parse("2026-01-01T00:00:00Z");

    @Test
    void losesAHostWhoseHeartbeatStoodStillForFiveMinutes() {
        var heartbeat = Optional.of(now.toString());

        assertThat(lookFor(Duration.ofSeconds(299), heartbeat)).isEqualTo(THERE);
        assertThat(lookFor(PERIOD, heartbeat)).isEqualTo(LOST);
    }

    @Test
    void losesAHostWhoseObjectWasGoneForFiveMinutes() {
        assertThat(lookFor(Duration.ofSeconds(299), Optional.empty())).isEqualTo(THERE);
        assertThat(lookFor(PERIOD, Optional.empty())).isEqualTo(LOST);
    }

    @Test
    void countsAnewWhenTheHostSpeaksOrItsObjectComesBack() {
        lookFor(Duration.ofMinutes(4), Optional.of("2026-01-01T00:00:00Z"));
        lookFor(Duration.ofMinutes(4), Optional.of("2026-01-01T00:04:01Z"));
        lookFor(Duration.ofMinutes(4), Optional.empty());

        assertThat(lookFor(Duration.ofMinutes(4), Optional.of("2026-01-01T00:04:01Z")))
                .isEqualTo(THERE);
    }

    @Test
    void losesNoHostByAHeartbeatThatIsOldAtTheFirstLook() {
        assertThat(sightings.look("a", Optional.of("2020-01-01T00:00:00Z"), now)).isEqualTo(THERE);
    }

    /// The API server was away, or the whole machine was suspended: then agents could not speak.
    @Test
    void losesNoHostByATimeInWhichNobodyLooked() {
        var heartbeat = Optional.of(now.toString());
        lookFor(Duration.ofMinutes(4), heartbeat);

        now = now.plus(Duration.ofHours(8));

        assertThat(lookFor(Duration.ofSeconds(299), heartbeat)).isEqualTo(THERE);
        assertThat(lookFor(PERIOD, heartbeat)).isEqualTo(LOST);
    }

    @Test
    void countsEachHostByItself() {
        lookFor(Duration.ofMinutes(5), Optional.of("x"));

        assertThat(sightings.look("b", Optional.of("x"), now)).isEqualTo(THERE);
    }

    @Test
    void keepsTheRowsThatAreStillLookedAt() {
        lookFor(Duration.ofMinutes(5), Optional.of("x"));

        sightings.forgetBefore(now.plus(PERIOD));

        assertThat(sightings.look("a", Optional.of("x"), now.plus(PERIOD))).isEqualTo(LOST);
    }

    @Test
    void needsNoLookAtAHostThatSpokeAMomentAgoByWhosoeverClock() {
        assertThat(HostSightings.fresh(now.minusSeconds(19), now)).isTrue();
        assertThat(HostSightings.fresh(now.plusSeconds(19), now)).isTrue();
        assertThat(HostSightings.fresh(now.minusSeconds(21), now)).isFalse();
        // A host with a clock of tomorrow must not count as alive until then.
        assertThat(HostSightings.fresh(now.plusSeconds(21), now)).isFalse();
    }

    /// Looks as often as the clean-up does; the last look is at the end of the time.
    private Verdict lookFor(Duration time, Optional<String> heartbeat) {
        var end = now.plus(time);
        sightings.look("a", heartbeat, now);
        while (now.plus(PERIOD).isBefore(end)) {
            now = now.plus(PERIOD);
            sightings.look("a", heartbeat, now);
        }
        now = end;
        return sightings.look("a", heartbeat, now);
    }
}
