package dev.monopod.agent.pod.scope;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Runs the tasks of one pod, each on a named virtual thread, and ends them all with the pod: first
/// those that need its machine, then the rest. Tells the time. Thread-safe.
public final class PodScope {
    private static final Logger LOG = LoggerFactory.getLogger(PodScope.class);

    private final String display;
    private final Clock clock;
    private final ExecutorService tasks;
    private final CountDownLatch closing = new CountDownLatch(1);
    private final CountDownLatch gone = new CountDownLatch(1);
    private final List<Runnable> whenClosing = new CopyOnWriteArrayList<>();

    /// @param display how logs name the pod
    /// @param threads that name the pod in what they log
    public PodScope(String display, PodThreads threads, Clock clock) {
        this.tasks = Executors.newThreadPerTaskExecutor(threads.factory("pod-task-"));
        this.display = display;
        this.clock = clock;
    }

    public Clock clock() {
        return clock;
    }

    public Instant now() {
        return clock.instant();
    }

    /// Runs a task of this pod; a failure is logged. Interrupted when the pod goes. Once the pod is
    /// gone, nothing runs any more.
    public void run(String what, Task task) {
        try {
            tasks.execute(() -> {
                Thread.currentThread().setName(display + " " + what);
                try {
                    task.run();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                } catch (RuntimeException e) {
                    if (!closed()) {
                        LOG.warn("{}: {} failed", display, what, e);
                    }
                }
            });
        } catch (RejectedExecutionException e) {
            LOG.debug("{}: {} comes too late: the pod is gone", display, what);
        }
    }

    /// Runs a task again and again until it ends without a failure or the machine goes; each
    /// failure is logged, and followed by a pause of 1 s that doubles to a minute.
    public void insist(String what, Task task) {
        run(
                what,
                () -> {
                    var backoff = new Backoff();
                    while (true) {
                        var begun = now();
                        try {
                            task.run();
                            return;
                        } catch (RuntimeException e) {
                            if (closed()) {
                                return;
                            }
                            if (Duration.between(begun, now()).compareTo(Backoff.LONGEST) > 0) {
                                backoff = new Backoff();
                            }
                            LOG.warn("{}: {} failed, retrying: {}", display, what, e.toString());
                        }
                        if (pause(backoff.next())) {
                            return;
                        }
                    }
                });
    }

    /// Runs a task whose result or failure the caller asks for. A pod that is gone cancels it.
    public <T> Future<T> submit(String what, Callable<T> task) {
        var future = new FutureTask<T>(task);
        try {
            tasks.execute(() -> {
                Thread.currentThread().setName(display + " " + what);
                future.run();
            });
        } catch (RejectedExecutionException e) {
            future.cancel(false);
        }
        return future;
    }

    /// Has an action done, once or more, when the machine's tasks end.
    public void whenClosing(Runnable action) {
        whenClosing.add(action);
    }

    /// Whether the tasks that need the machine are to end.
    public boolean closed() {
        return closing.getCount() == 0;
    }

    /// Waits; true when the machine goes in the meantime.
    public boolean pause(Duration duration) throws InterruptedException {
        return closing.await(duration.toMillis(), TimeUnit.MILLISECONDS);
    }

    /// Ends the tasks that need the machine; the status is still written.
    public void closeMachine() {
        closing.countDown();
        whenClosing.forEach(Runnable::run);
    }

    /// Whether nothing is left to be told of this pod.
    public boolean gone() {
        return gone.getCount() == 0;
    }

    /// Waits; true when the pod is gone meanwhile.
    public boolean pauseUntilGone(Duration duration) throws InterruptedException {
        return gone.await(duration.toMillis(), TimeUnit.MILLISECONDS);
    }

    /// Ends every task.
    public void close() {
        gone.countDown();
        closeMachine();
        tasks.shutdownNow();
    }

    /// Work that may be interrupted.
    @FunctionalInterface
    public interface Task {
        void run() throws InterruptedException;
    }
}
