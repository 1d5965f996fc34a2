package dev.monopod.model.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A pod that can't be placed is tried for ever (containers-roadmap #2654), ever less often, and at
/// once when something changes.
final class RetryQueueTest {
    private long nanos = Long.MAX_VALUE - 5_000_000_000L; // so that the clock overflows on its way
    private final RetryQueue queue = new RetryQueue(() -> nanos, () -> {});

    @Test
    void handsOutInTheOrderOfArrivalAndEachKeyOnce() {
        queue.add("b");
        queue.add("a");
        queue.add("b");
        queue.add("c");

        assertThat(due()).containsExactly("b", "a", "c");
    }

    @Test
    void doublesTheBackOffFromASecondToAMinuteAndNeverGivesUp() {
        queue.add("a");
        var waits = new ArrayList<Long>();
        for (int attempt = 0; attempt < 1_000; attempt++) {
            assertThat(queue.poll()).contains("a");
            queue.retry("a");
            var from = nanos;
            while (!nextIs("a")) {
                pass(Duration.ofSeconds(1));
            }
            waits.add(Duration.ofNanos(nanos - from).toSeconds());
            queue.add("a");
        }

        assertThat(waits.subList(0, 8)).containsExactly(1L, 2L, 4L, 8L, 16L, 32L, 60L, 60L);
        assertThat(waits).hasSize(1_000).allMatch(wait -> wait <= 60);
    }

    @Test
    void triesAtOnceWhenSomethingChangesAndKeepsTheOrder() {
        for (var key : List.of("d", "c", "b", "a")) {
            queue.add(key);
            assertThat(queue.poll()).contains(key);
            queue.retry(key);
        }
        assertThat(due()).isEmpty();

        queue.wakeAll();

        assertThat(due()).containsExactly("d", "c", "b", "a");
    }

    @Test
    void losesNoChangeThatCameWhileItsKeyWasTried() {
        queue.add("a");
        assertThat(queue.poll()).contains("a");

        queue.add("a");
        queue.retry("a");

        assertThat(due()).containsExactly("a");
    }

    /// A pod of a StatefulSet is replaced by another of the same name.
    @Test
    void keepsTheTurnOfANewPodWhenTheOldOneOfItsNameIsDone() {
        queue.add("a");
        assertThat(queue.poll()).contains("a");

        queue.add("a");
        queue.done("a");

        assertThat(due()).containsExactly("a");
    }

    @Test
    void startsTheBackOffAnewWhenAKeyWasDone() {
        for (int attempt = 0; attempt < 5; attempt++) {
            queue.add("a");
            queue.poll();
            queue.retry("a");
        }
        queue.add("a");
        queue.poll();

        queue.done("a");
        queue.retry("a");

        pass(Duration.ofSeconds(1));
        assertThat(due()).containsExactly("a");
    }

    @Test
    @Timeout(10)
    void wakesTheLoopThatWaits() {
        var taken = new CopyOnWriteArrayList<String>();
        var loops = new Loops(Clock.systemUTC(), new Random(1));
        var woken = new AtomicReference<Runnable>(() -> {});
        var waiting = new RetryQueue(System::nanoTime, () -> woken.get().run());
        try (var loop =
                loops.planned(
                        "queue", Pace.whenNudged(), () -> waiting.work(taken::add, (_, _) -> {}))) {
            woken.set(loop::nudge);
            loop.start();
            await().until(() -> loop.health().lastSuccess().isPresent());

            waiting.add("a");
            waiting.retry("b");

            await().until(() -> taken.equals(List.of("a", "b")));
        }
    }

    @Test
    void saysHowLongNobodysTurnComes() {
        assertThat(queue.work(_ -> {}, (_, _) -> {})).isGreaterThan(Duration.ofDays(1));

        queue.add("a");
        queue.retry("b");

        assertThat(queue.work(_ -> {}, (_, _) -> {})).isEqualTo(Duration.ofSeconds(1));
        pass(Duration.ofMillis(400));
        assertThat(queue.work(_ -> {}, (_, _) -> {})).isEqualTo(Duration.ofMillis(600));
        queue.add("c");
        queue.add("d");
        assertThat(queue.work(_ -> {}, (_, _) -> {})).isEqualTo(Duration.ZERO);
    }

    @Test
    void retriesAKeyWhoseWorkThrowsAndGoesOnWithTheNext() {
        var failures = new ArrayList<String>();
        queue.add("a");
        queue.add("b");

        queue.work(
                _ -> {
                    throw new IllegalStateException("refused");
                },
                (key, e) -> failures.add(key + ": " + e.getMessage()));

        assertThat(failures).containsExactly("a: refused");
        assertThat(due()).containsExactly("b");
        pass(Duration.ofSeconds(1));
        assertThat(due()).containsExactly("a");
    }

    @Test
    void losesNoKeyByAnError() {
        queue.add("a");

        assertThatThrownBy(() ->
                        queue.work(
                                _ -> {
                                    throw new StackOverflowError();
                                },
                                (_, _) -> {}))
                .isInstanceOf(StackOverflowError.class);

        pass(Duration.ofSeconds(1));
        assertThat(due()).containsExactly("a");
    }

    private boolean nextIs(String key) {
        return queue.poll().equals(Optional.of(key));
    }

    private List<String> due() {
        var keys = new ArrayList<String>();
        for (var key = queue.poll(); key.isPresent(); key = queue.poll()) {
            keys.add(key.get());
        }
        return keys;
    }

    private void pass(Duration time) {
        nanos += time.toNanos();
    }
}
