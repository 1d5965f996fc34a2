package dev.monopod.controller.patching;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.controller.patching.Candidate.Hope;
import dev.monopod.model.time.Moment;
import io.fabric8.kubernetes.api.model.Status;
import io.fabric8.kubernetes.api.model.StatusBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// What a refusal says, how long it is borne with, and when its deadline is.
final class RefusalsOfBudgetsTest {
    private static final Instant REFUSED = Instant.parse(Targets.REFUSED_AT);
    private static final Instant TERMINATION = Instant.parse(Targets.TERMINATION);

    @Test
    void refusalsAreToldInTheWordsOfEks() {
        assertThat(answer(429, byBudget()))
                .contains(
                        new EvictionAnswer.Refused(
                                "Cannot evict pod as it would violate the pod's disruption budget"));
        assertThat(
                        answer(
                                500,
                                message(
                                        "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.")))
                .contains(
                        new EvictionAnswer.Refused(
                                "This pod has multiple PodDisruptionBudget, which the eviction subresource does not support"));
        assertThat(answer(404, null)).contains(new EvictionAnswer.Gone());
        assertThat(answer(409, null))
                .as("another pod of that name")
                .contains(new EvictionAnswer.Gone());
    }

    @Test
    void aBusyServerRefusesNobody() {
        assertThat(answer(429, message("too many requests"))).isEmpty();
        assertThat(answer(500, message("etcd is away"))).isEmpty();
        assertThat(answer(0, null)).isEmpty();
    }

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

    private static Optional<EvictionAnswer> answer(int code, @Nullable Status status) {
        return EvictionAnswer.of(new KubernetesClientException("no", code, status));
    }

    private static Status byBudget() {
        return new StatusBuilder()
                .withMessage("Cannot evict pod as it would violate the pod's disruption budget.")
                .withNewDetails()
                .addNewCause(
                        "", "The disruption budget web needs 2 healthy pods", "DisruptionBudget")
                .endDetails()
                .build();
    }

    private static Status message(String text) {
        return new StatusBuilder().withMessage(text).build();
    }
}
