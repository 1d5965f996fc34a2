package dev.monopod.agent.pod.scope;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.monopod.model.loop.LoopHealth;
import dev.monopod.model.loop.Loops;
import dev.monopod.model.loop.Pace;
import dev.monopod.model.time.Clocks;
import java.time.Duration;
import java.time.Instant;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.MDC;

@Timeout(30)
final class PodScopeTest {
    private static final Pace PACE =
            Pace.whenNudged().withRetries(Duration.ofNanos(1000), Duration.ofMillis(1));

    private final AtomicReference<Instant> now =
            new AtomicReference<>(Instant.parse("2026-01-01T00:00:00Z"));
    private final Loops loops = new Loops(now::get, new Random(1));
    private final PodScope scope =
            new PodScope(
                    "default/web", new PodThreads("default/web", "m-1"), Clocks.ofProcess(), loops);
    private final AtomicInteger tries = new AtomicInteger();

    @AfterEach
    void close() {
        scope.close();
    }

    @ParameterizedTest
    @ValueSource(
            classes = {
                IllegalStateException.class,
                StackOverflowError.class,
                NoClassDefFoundError.class,
                AssertionError.class
            })
    void goesOnWhateverATaskThrows(Class<? extends Throwable> kind) {
        scope.insist("insisting", () -> failsOnce(kind));
        await().until(() -> tries.get() == 2);
        scope.persevere("persevering", () -> failsOnce(kind));
        await().until(() -> tries.get() == 4);
        scope.follow("following", Duration.ofSeconds(1), _ -> failsOnce(kind));
        await().until(() -> tries.get() == 6);
        scope.loop("pod-storage", "storage", PACE, () -> failsOnce(kind));
        await().until(() -> tries.get() == 8);
        scope.loopUntilGone("pod-status", "status", PACE, () -> failsOnce(kind));
        await().until(() -> tries.get() == 10);

        // Tasks that are done are not shown any more.
        await().until(() -> LoopHealth.lines(loops.health()).size() == 2);
        assertThat(LoopHealth.lines(loops.health()))
                .containsExactly("[+]pod-status ok, 1", "[+]pod-storage ok, 1");
    }

    @Test
    void showsATaskThatHangs() {
        var hang = new CountDownLatch(1);
        scope.insist("telling that the Node is ready", hang::await);
        await().until(() -> !loops.health().isEmpty());
        await().until(() -> {
            now.updateAndGet(time -> time.plusSeconds(30));
            return LoopHealth.lines(loops.health())
                    .getFirst()
                    .startsWith(
                            "[!]pod-tasks failed for 1 of 1: default/web telling that the Node is"
                                    + " ready failed: stalled");
        });
        hang.countDown();
        await().until(() -> loops.health().isEmpty());
    }

    @Test
    void endsWhatNeedsTheMachineFirst() {
        var tasks = new AtomicInteger();
        scope.persevere(
                "waiting",
                () -> {
                    tasks.incrementAndGet();
                    new CountDownLatch(1).await();
                });
        scope.loopUntilGone("pod-status", "status", PACE, tries::incrementAndGet);
        await().until(() -> tasks.get() == 1 && tries.get() == 1);

        scope.closeMachine();
        scope.insist("too late", tasks::incrementAndGet);

        assertThat(LoopHealth.lines(loops.health())).containsExactly("[+]pod-status ok, 1");
        scope.close();
        assertThat(loops.health()).isEmpty();
        assertThat(tasks).hasValue(1);
    }

    @Test
    void namesThePodInWhatItsLoopsLog() {
        var named = new AtomicReference<String>();
        scope.insist("naming", () -> named.set(MDC.get("pod") + " " + MDC.get("machine")));
        await().until(() -> "default/web m-1".equals(named.get()));
    }

    private void failsOnce(Class<? extends Throwable> kind) {
        if (tries.incrementAndGet() % 2 == 1) {
            try {
                sneak(kind.getDeclaredConstructor().newInstance());
            } catch (ReflectiveOperationException e) {
                throw new AssertionError(e);
            }
        }
    }

    @SuppressWarnings("unchecked")
    private static <E extends Throwable> void sneak(Throwable what) throws E {
        throw (E) what;
    }
}
