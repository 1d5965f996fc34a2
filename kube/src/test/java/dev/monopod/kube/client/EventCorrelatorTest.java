package dev.monopod.kube.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class EventCorrelatorTest {
    private final EventCorrelator correlator = new EventCorrelator();
    private Instant now = Instant.parse("2026-01-01T00:00:00Z");

    @Test
    void countsEqualEventsOnOneObject() {
        var first = stored(event("web", "Unhealthy", "connection refused"));
        now = now.plusSeconds(5);

        var second = stored(event("web", "Unhealthy", "connection refused"));

        assertThat(second.name()).isEqualTo(first.name());
        assertThat(second.count()).isEqualTo(2);
        assertThat(second.first()).isEqualTo(first.first());
        assertThat(second.last()).isEqualTo(now);
    }

    @Test
    void keepsApartWhatDiffersInAnythingButItsTime() {
        var events =
                List.of(
                        event("web", "Unhealthy", "refused"),
                        event("shop", "Unhealthy", "refused"),
                        event("web", "Failed", "refused"),
                        event("web", "Unhealthy", "timeout"),
                        draft("agent", "web", EventType.NORMAL, "Unhealthy", "", "refused"),
                        draft("other", "web", EventType.WARNING, "Unhealthy", "", "refused"),
                        draft("agent", "web", EventType.WARNING, "Unhealthy", "c{a}", "refused"));

        assertThat(events).map(this::stored).map(EventWrite.Store::name).doesNotHaveDuplicates();
    }

    @Test
    void combinesTheTenthSimilarOneAndAllAfterIt() {
        var alone = new ArrayList<EventWrite.Store>();
        for (var number = 1; number < 10; number++) {
            alone.add(stored(event("web", "Failed", "message " + number)));
        }

        var tenth = stored(event("web", "Failed", "message 10"));
        var eleventh = stored(event("web", "Failed", "message 11"));

        assertThat(alone).map(store -> store.draft().message()).noneMatch(m -> m.startsWith("("));
        assertThat(tenth.draft().message()).isEqualTo("(combined from similar events): message 10");
        assertThat(eleventh.draft().message())
                .isEqualTo("(combined from similar events): message 11");
        assertThat(eleventh.name()).isEqualTo(tenth.name());
        assertThat(eleventh.count()).isEqualTo(2);
    }

    @Test
    void combinesNothingWhenTenMinutesPassBetweenTwo() {
        for (var number = 1; number < 10; number++) {
            stored(event("web", "Failed", "message " + number));
        }
        now = now.plus(EventCorrelator.WINDOW).plusMillis(1);

        assertThat(stored(event("web", "Failed", "message 10")).draft().message())
                .isEqualTo("message 10");
    }

    @Test
    void writesABurstOf25OfOneObjectAndThenOneInFiveMinutes() {
        assertThat(IntStream.range(0, 100).filter(_ -> passes("web"))).hasSize(25);

        now = now.plus(EventCorrelator.REFILL).minusMillis(1);
        assertThat(passes("web")).isFalse();
        now = now.plusMillis(1);
        assertThat(passes("web")).isTrue();
        assertThat(passes("web")).isFalse();
        assertThat(passes("shop")).as("another object").isTrue();
    }

    @Test
    void countsWhatItDoesNotWrite() {
        IntStream.range(0, 100).forEach(_ -> passes("web"));
        now = now.plus(EventCorrelator.REFILL);

        assertThat(stored(event("web", "Unhealthy", "refused")).count()).isEqualTo(101);
    }

    @Test
    void fillsTheBucketNoHigherThanItsBurst() {
        IntStream.range(0, 100).forEach(_ -> passes("web"));
        now = now.plus(Duration.ofDays(10));

        assertThat(IntStream.range(0, 100).filter(_ -> passes("web"))).hasSize(25);
    }

    @Test
    void staysWithinItsLimitWhenTheClockIsSetBack() {
        IntStream.range(0, 25).forEach(_ -> passes("web"));
        now = now.minus(Duration.ofDays(1));

        assertThat(passes("web")).isFalse();
    }

    @Test
    void forgetsTheEventThatWasSeenLongestAgo() {
        var first = stored(event("first", "Failed", "message"));
        for (var number = 0; number < EventCorrelator.MOST_REMEMBERED; number++) {
            stored(event("pod-" + number, "Failed", "message"));
        }

        var again = stored(event("first", "Failed", "message"));

        assertThat(again.count()).isEqualTo(1);
        assertThat(again.name()).isNotEqualTo(first.name());
    }

    @Test
    void cutsLongMessagesAndLongNames() {
        var store = stored(event("a".repeat(253), "Failed", "m".repeat(5000)));

        assertThat(store.draft().message()).hasSize(EventCorrelator.MESSAGE_CHARACTERS);
        assertThat(store.name()).hasSize(253).startsWith("aaa");
    }

    private boolean passes(String pod) {
        return correlator.decide(event(pod, "Unhealthy", "refused"), now)
                instanceof EventWrite.Store;
    }

    private EventWrite.Store stored(EventDraft draft) {
        return (EventWrite.Store) correlator.decide(draft, now);
    }

    private static EventDraft event(String pod, String reason, String message) {
        return draft("agent", pod, EventType.WARNING, reason, "", message);
    }

    private static EventDraft draft(
            String component,
            String pod,
            EventType type,
            String reason,
            String fieldPath,
            String message) {
        return new EventDraft(
                component,
                "one",
                new EventDraft.Subject("v1", "Pod", "shop", pod, "uid-" + pod),
                type,
                reason,
                fieldPath,
                message);
    }
}
