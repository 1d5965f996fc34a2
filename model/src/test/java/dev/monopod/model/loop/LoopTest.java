package dev.monopod.model.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.monopod.model.loop.LoopHealth.State;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(20)
final class LoopTest {
    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
    private static final Pace NUDGED =
            Pace.whenNudged().withRetries(Duration.ofNanos(1000), Duration.ofMillis(1));

    private final AtomicReference<Instant> now = new AtomicReference<>(START);
    private final Loops loops = new Loops(now::get, new Random(1));
    private final AtomicInteger passes = new AtomicInteger();
    private Loop loop = loops.loop("unused", NUDGED, () -> {});

    @AfterEach
    void close() {
        loop.close();
    }

    /// Each of them ended one of the loops of before for good, in silence.
    @ParameterizedTest
    @ValueSource(
            classes = {
                IllegalStateException.class,
                NullPointerException.class,
                StackOverflowError.class,
                AssertionError.class,
                InterruptedException.class,
                java.io.IOException.class
            })
    void goesOnWhateverAPassThrows(Class<? extends Throwable> kind) {
        run(() -> {
            if (passes.incrementAndGet() <= 3) {
                sneak(kind.getDeclaredConstructor().newInstance());
            }
        });

        await().until(() -> loop.health().lastSuccess().isPresent());
        assertThat(passes).hasValue(4);
        assertThat(loop.health().failures()).isZero();
    }

    @Test
    void goesOnAfterAPassThatLeftItsThreadInterrupted() {
        run(() -> {
            passes.incrementAndGet();
            Thread.currentThread().interrupt();
        });
        await().until(() -> loop.health().lastSuccess().isPresent());

        loop.nudge();

        await().untilAtomic(passes, org.hamcrest.Matchers.is(2));
    }

    @Test
    void countsFailuresAndShowsThemWhenTheyLast() {
        run(() -> {
            passes.incrementAndGet();
            throw new IllegalStateException("no API server");
        });
        await().until(() -> loop.health().failures() >= 3);

        now.set(START.plus(LoopHealth.PATIENCE));

        assertThat(loop.health().state()).isEqualTo(new State.Failing(START));
        assertThat(loop.health().line())
                .startsWith("[-]test failed: java.lang.IllegalStateException: no API server, ")
                .endsWith(" times since 2026-01-01T00:00:00Z");
    }

    @Test
    void isSeenToBeStalledWhileAPassHangs() {
        var hang = new CountDownLatch(1);
        var entered = new CountDownLatch(1);
        run(() -> {
            entered.countDown();
            hang.await();
        });
        awaitDown(entered);
        assertThat(loop.health().fine()).isTrue();

        now.set(START.plus(NUDGED.limit()).plusSeconds(1));

        assertThat(loop.health().state()).isEqualTo(new State.Stalled(START));
        hang.countDown();
        await().until(() -> loop.health().fine());
    }

    @Test
    void takesNudgesThatComeDuringAPassTogether() {
        var gate = new Semaphore(0);
        var entered = new Semaphore(0);
        run(() -> {
            passes.incrementAndGet();
            entered.release();
            gate.acquire();
        });
        entered.acquireUninterruptibly();

        for (int i = 0; i < 1_000; i++) {
            loop.nudge();
        }
        gate.release();
        entered.acquireUninterruptibly();
        gate.release(1_000);

        await().until(() -> loop.health().lastSuccess().isPresent());
        await().during(Duration.ofMillis(50)).until(() -> passes.get() == 2);
    }

    @Test
    void nudgesBringNoPassSoonerThanTheGap() {
        loop =
                loops.loop(
                        "test",
                        NUDGED.withGap(Duration.ofHours(1)),
                        () -> passes.incrementAndGet());
        loop.start();
        await().until(() -> loop.health().lastSuccess().isPresent());

        loop.nudge();

        await().during(Duration.ofMillis(50)).until(() -> passes.get() == 1);
    }

    @Test
    void nudgesBringNoFailedPassSoonerThanTheFirstBackOff() {
        loop =
                loops.loop(
                        "test",
                        NUDGED.withRetries(Duration.ofHours(1), Duration.ofHours(2)),
                        () -> {
                            passes.incrementAndGet();
                            throw new IllegalStateException("refused");
                        });
        loop.start();
        await().until(() -> loop.health().failures() == 1);

        loop.nudge();

        await().during(Duration.ofMillis(50)).until(() -> passes.get() == 1);
    }

    @Test
    void comesBackAfterThePeriodWithoutANudge() {
        loop = loops.loop("test", Pace.every(Duration.ofMillis(1)), passes::incrementAndGet);
        loop.start();

        await().until(() -> passes.get() > 5);
    }

    @Test
    void restsAsLongAsThePassSays() {
        loop =
                loops.planned(
                        "test",
                        NUDGED,
                        () ->
                                passes.incrementAndGet() < 5
                                        ? Duration.ofMillis(1)
                                        : Duration.ofHours(1));
        loop.start();

        await().until(() -> passes.get() == 5);
        await().during(Duration.ofMillis(50)).until(() -> passes.get() == 5);
    }

    @Test
    void runsOnAVirtualThreadOfItsName() {
        var thread = new AtomicReference<Thread>();
        run(() -> thread.set(Thread.currentThread()));

        await().until(() -> thread.get() != null);
        assertThat(thread.get().getName()).isEqualTo("test");
        assertThat(thread.get().isVirtual()).isTrue();
    }

    @Test
    void beginsNoPassAfterItsEndAndIsShownNoMore() {
        run(passes::incrementAndGet);
        await().until(() -> loop.health().lastSuccess().isPresent());

        loop.close();
        loop.nudge();

        await().during(Duration.ofMillis(50)).until(() -> passes.get() == 1);
        assertThat(loops.health()).extracting(LoopHealth::name).doesNotContain("test");
    }

    @Test
    void interruptsThePassThatRunsWhenItIsClosed() {
        var entered = new CountDownLatch(1);
        var interrupted = new CountDownLatch(1);
        run(() -> {
            entered.countDown();
            try {
                new Semaphore(0).acquire();
            } catch (InterruptedException e) {
                interrupted.countDown();
                throw e;
            }
        });
        awaitDown(entered);

        loop.close();

        awaitDown(interrupted);
        assertThat(loop.health().failures()).isZero();
    }

    @Test
    void mayBeClosedByItsOwnPass() {
        loop =
                loops.loop(
                        "test",
                        NUDGED,
                        () -> {
                            passes.incrementAndGet();
                            loop.close();
                        });
        loop.start();

        await().until(() -> loops.health().stream().noneMatch(it -> it.name().equals("test")));
        loop.nudge();
        await().during(Duration.ofMillis(50)).until(() -> passes.get() == 1);
    }

    @Test
    void doesNotStartOnceItIsClosed() {
        loop = loops.loop("test", NUDGED, passes::incrementAndGet);
        loop.close();

        loop.start();

        await().during(Duration.ofMillis(50)).until(() -> passes.get() == 0);
    }

    @Test
    void showsAllLoopsOfTheProcessByName() {
        loops.ofPod("guest default/web", NUDGED, () -> {});
        loops.loop("firewalls", NUDGED, () -> {});

        assertThat(loops.health())
                .extracting(LoopHealth::line)
                .isEqualTo(List.of("[+]firewalls ok", "[+]guest default/web ok", "[+]unused ok"));
    }

    private void run(Loop.Body body) {
        loop = loops.loop("test", NUDGED, body);
        loop.start();
    }

    private static void awaitDown(CountDownLatch latch) {
        try {
            assertThat(latch.await(10, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @SuppressWarnings("unchecked")
    private static <E extends Throwable> void sneak(Throwable what) throws E {
        throw (E) what;
    }
}
