package dev.monopod.agent.pod.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.monopod.agent.pod.scope.PodScope;
import dev.monopod.agent.pod.scope.PodThreads;
import dev.monopod.agent.pod.scope.StartTrace.Step;
import dev.monopod.model.loop.Loops;
import dev.monopod.model.time.Clocks;
import java.time.Instant;
import java.util.Random;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
final class StartTurnTest {
    private final Semaphore turns = new Semaphore(1);
    private final PodScope scope =
            new PodScope(
                    "default/web",
                    new PodThreads("default/web", "m-1"),
                    Clocks.ofProcess(),
                    new Loops(Instant::now, new Random(1)));

    @AfterEach
    void close() {
        scope.close();
    }

    @Test
    void lastsUntilTheFirstContainerRuns() throws InterruptedException {
        StartTurn.of(turns).endSoon(scope);
        scope.reached(Step.ANSWERED);
        scope.reached(Step.VOLUMES);
        assertThat(turns.tryAcquire()).isFalse();
        scope.reached(Step.STARTED);
        await().until(turns::tryAcquire);
    }

    @Test
    void isNotHeldByAPodThatWaitsForOthers() throws InterruptedException {
        StartTurn.of(turns).endSoon(scope);
        await().until(turns::tryAcquire);
        assertThat(scope.closed()).isFalse();
    }

    @Test
    void endsWithThePod() throws InterruptedException {
        StartTurn.of(turns).endSoon(scope);
        scope.close();
        await().until(turns::tryAcquire);
        turns.release();

        StartTurn.of(turns).endSoon(scope);
        await().until(turns::tryAcquire);
    }

    @Test
    void endsOnce() throws InterruptedException {
        var turn = StartTurn.of(turns);
        turn.close();
        turn.endSoon(scope);
        scope.reached(Step.STARTED);
        turn.close();
        assertThat(turns.availablePermits()).isEqualTo(1);
    }
}
