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
    void doesAtOnceWhatPressesBesideWhatDoesNot() {
        run(passes::incrementAndGet);
        await().until(() -> loop.health().lastSuccess().isPresent());

        loop.nudgeWithin(Duration.ofHours(1));
        loop.nudge();

        await().untilAtomic(passes, org.hamcrest.Matchers.is(2));
    }

    /// Asked for in the midst of a pass, which may have looked already.
    @Test
    void takesTogetherWhatDoesNotPressAndForgetsNothing() {
        run(() -> {
            if (passes.incrementAndGet() == 1) {
                for (var i = 0; i < 20; i++) {
                    loop.nudgeWithin(Duration.ofMillis(50));
                }
            }
        });

        await().untilAtomic(passes, org.hamcrest.Matchers.is(2));
        await().during(Duration.ofMillis(200)).untilAtomic(passes, org.hamcrest.Matchers.is(2));
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
        loops.loop("firewalls", NUDGED, () -> {});

        assertThat(LoopHealth.lines(loops.health()))
                .isEqualTo(List.of("[+]firewalls ok", "[+]unused ok"));
    }

    @Test
    void sumsUpTheLoopsOfPods() {
        var refused = new IllegalStateException("refused");
        for (var pod = 0; pod < 300; pod++) {
            var broken = pod < 5;
            var one =
                    loops.ofPod(
                            "pod-status",
                            "default/web-%03d status".formatted(pod),
                            Pace.whenNudged(),
                            () -> {
                                if (broken) {
                                    throw refused;
                                }
                            });
            one.start();
        }
        loops.ofPod("pod-storage", "default/web-000 storage", NUDGED, () -> {});
        await().until(() ->
                loops.health().stream().filter(one -> one.failures() == 1).count() == 5);

        now.set(START.plus(LoopHealth.PATIENCE));

        var lines = LoopHealth.lines(loops.health());
        assertThat(lines).hasSize(3);
        assertThat(lines.get(0))
                .startsWith(
                        "[!]pod-status failed for 5 of 300: default/web-000 status failed:"
                                + " java.lang.IllegalStateException: refused, ")
                .contains("; default/web-002 status failed: ")
                .doesNotContain("web-003")
                .endsWith("; …");
        assertThat(lines.subList(1, 3)).containsExactly("[+]pod-storage ok, 1", "[+]unused ok");
    }

    @Test
    void beginsAfterItsDelayOrANudge() {
        loop = loops.loop("test", NUDGED.after(Pace.NEVER), passes::incrementAndGet);
        loop.start();
        await().during(Duration.ofMillis(50)).until(() -> passes.get() == 0);

        loop.nudge();

        await().until(() -> passes.get() == 1);
    }

    @Test
    void isFineAgainOnceWhatItFollowsAnswers() {
        var answer = new CountDownLatch(1);
        var news = new CountDownLatch(1);
        loop =
                loops.lastingOfPod(
                        "pod-tasks",
                        "default/web watch",
                        NUDGED,
                        signs -> {
                            if (passes.incrementAndGet() < 3) {
                                throw new NoClassDefFoundError("Container");
                            }
                            signs.waits();
                            answer.await();
                            signs.succeeds();
                            news.await();
                            signs.works();
                            new CountDownLatch(1).await();
                        });
        loop.start();
        await().until(() -> passes.get() == 3);
        now.set(START.plus(LoopHealth.PATIENCE));
        assertThat(loop.health().state()).isEqualTo(new State.Failing(START));

        answer.countDown();
        await().until(() -> loop.health().fine());
        now.set(START.plusSeconds(3600));
        assertThat(loop.health().fine()).isTrue();
        news.countDown();
        await().until(() -> loop.health().lastError().isEmpty());
        await().until(() -> {
            now.updateAndGet(time -> time.plusSeconds(60));
            return loop.health().state() instanceof State.Stalled;
        });
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
