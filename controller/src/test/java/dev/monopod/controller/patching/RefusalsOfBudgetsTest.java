package dev.monopod.controller.patching;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.controller.patching.Candidate.Hope;
import dev.monopod.model.time.Moment;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// How long a refusal is borne with, and when its deadline is.
final class RefusalsOfBudgetsTest {
    private static final Instant REFUSED = Instant.parse(Targets.REFUSED_AT);
    private static final Instant TERMINATION = Instant.parse(Targets.TERMINATION);

    @Test
    void aBudgetIsBorneWithForMinutesFromItsLastConsent() {
        var patience = new Patience();
        var almost = REFUSED.plus(Patience.LIMIT).minusSeconds(1);

        assertThat(patience.left("web", Hope.NEVER, REFUSED)).isFalse();
        assertThat(patience.left("web", Hope.LATER, REFUSED)).isTrue();
        assertThat(patience.left("web", Hope.LATER, almost)).isTrue();
        patience.renew("web");
        assertThat(patience.left("web", Hope.LATER, almost.plusSeconds(1))).isTrue();
        assertThat(patience.left("web", Hope.LATER, almost.plus(Patience.LIMIT))).isTrue();
        assertThat(patience.left("web", Hope.LATER, almost.plus(Patience.LIMIT).plusSeconds(1)))
                .isFalse();
    }

    @Test
    void aWallClockThatIsSetForwardDeletesNoPodEarly() {
        var deadlines = new Deadlines();
        var refused = Targets.refused(Targets.target("a", "one"));
        deadlines.begin(refused.uid(), Duration.ofDays(3), Moment.of(REFUSED));

        assertThat(
                        deadlines.due(
                                refused,
                                new Moment(TERMINATION.plusSeconds(9), REFUSED.plusSeconds(9))))
                .isFalse();
        assertThat(deadlines.due(refused, new Moment(REFUSED, TERMINATION))).isTrue();
    }

    @Test
    void anotherProcessGoesOnWithTheDeadlineThatWasTold() {
        var refused = Targets.refused(Targets.target("a", "one"));
        var halfway = REFUSED.plus(Duration.ofDays(2));
        var deadlines = new Deadlines();

        assertThat(deadlines.due(refused, new Moment(halfway, Instant.EPOCH))).isFalse();
        assertThat(
                        deadlines.due(
                                refused,
                                new Moment(halfway, Instant.EPOCH.plus(Duration.ofDays(1)))))
                .isTrue();
        deadlines.keepOnly(Set.of());
        assertThat(deadlines.due(refused, Moment.of(TERMINATION))).isTrue();
    }
}
