package dev.monopod.agent.pod.scope;

import dev.monopod.model.loop.Loop;
import dev.monopod.model.loop.Loops;
import dev.monopod.model.loop.Pace;
import dev.monopod.model.time.Clocks;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Runs the tasks of one pod, each on a named virtual thread, and ends them all with the pod: first
/// those that need its machine, then the rest. Nothing that a task throws passes in silence, and
/// what has to be done is tried until it is, or nobody needs it any more: it is a [Loop], so that
/// `/readyz` shows how it fares. Tells the time. Thread-safe.
public final class PodScope {
    private static final Logger LOG = LoggerFactory.getLogger(PodScope.class);
    private static final String TASKS = "pod-tasks";
    private static final Duration FIRST_RETRY = Duration.ofSeconds(1);
    private static final Pace TASK =
            Pace.whenNudged().withRetries(FIRST_RETRY, Duration.ofMinutes(1));

    private final String display;
    private final PodThreads threads;
    private final Clocks clocks;
    private final Loops loops;
    private final ExecutorService tasks;
    private final CountDownLatch closing = new CountDownLatch(1);
    private final CountDownLatch gone = new CountDownLatch(1);
    private final List<Runnable> whenClosing = new CopyOnWriteArrayList<>();
    private final Set<Loop> ofMachine = ConcurrentHashMap.newKeySet();
    private final Set<Loop> ofPod = ConcurrentHashMap.newKeySet();
    private final AtomicReference<StartTrace> trace;
    private final CountDownLatch started = new CountDownLatch(1);

    /// @param display how logs name the pod
    /// @param threads that name the pod in what they log
    public PodScope(String display, PodThreads threads, Clocks clocks, Loops loops) {
        this.tasks = Executors.newThreadPerTaskExecutor(threads.factory("pod-task-"));
        this.display = display;
        this.threads = threads;
        this.clocks = clocks;
        this.loops = loops;
        this.trace = new AtomicReference<>(StartTrace.begun(clocks.steady().instant()));
    }

    public Clocks clocks() {
        return clocks;
    }

    /// By the wall clock, to be told of.
    public Instant now() {
        return clocks.wall().instant();
    }

    /// By the steady clock, to wait and to measure by.
    public Instant steady() {
        return clocks.steady().instant();
    }

    /// The pod's start got that far. When its last step is reached, the log tells of all.
    public void reached(StartTrace.Step step) {
        var now = steady();
        var before = trace.getAndUpdate(known -> known.with(step, now));
        var after = before.with(step, now);
        if (step == StartTrace.Step.STARTED) {
            started.countDown();
        }
        if (after.whole() && !before.whole()) {
            LOG.info("{}: started in {}", display, after);
        }
    }

    /// Waits until the first container runs or the machine goes, or for so long.
    public void awaitStarted(Duration most) throws InterruptedException {
        var unused = started.await(most.toMillis(), TimeUnit.MILLISECONDS);
    }

    /// Runs a task of this pod, once; what it throws is logged. For what helps, and what nobody
    /// waits for. Interrupted when the pod goes. Once the pod is gone, nothing runs any more.
    public void run(String what, Task task) {
        try {
            tasks.execute(() -> {
                Thread.currentThread().setName(display + " " + what);
                try {
                    task.run();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                } catch (Throwable e) {
                    if (!closed()) {
                        LOG.warn("{}: {} failed", display, what, e);
                    }
                }
            });
        } catch (RejectedExecutionException e) {
            LOG.debug("{}: {} comes too late: the pod is gone", display, what);
        }
    }

    /// Runs a task again and again until it ends without a failure or the machine goes, with a
    /// pause of 1 s that doubles to a minute. For calls: one that takes 20 s counts as stalled.
    public void insist(String what, Task task) {
        untilDone(what, TASK, _ -> task.run());
    }

    /// As [#insist], for a task that may take any time.
    public void persevere(String what, Task task) {
        untilDone(what, TASK.withLimit(Pace.NEVER), _ -> task.run());
    }

    /// As [#insist], for a task that waits for others, and says when it does.
    public void follow(String what, Duration longestRetry, Loop.LastingBody task) {
        untilDone(what, TASK.withRetries(FIRST_RETRY, longestRetry), task);
    }

    private void untilDone(String what, Pace pace, Loop.LastingBody task) {
        var itself = new AtomicReference<Loop>();
        var loop =
                lasting(
                        TASKS,
                        what,
                        pace,
                        signs -> {
                            task.pass(signs);
                            end(Objects.requireNonNull(itself.get()));
                        });
        itself.set(loop);
        begin(loop, ofMachine);
    }

    private void end(Loop loop) {
        ofMachine.remove(loop);
        loop.close();
    }

    /// Begins a loop that lasts as long as the machine, or until it is closed.
    ///
    /// @param kind that the loops of all pods have which do the same
    public Loop loop(String kind, String what, Pace pace, Loop.Body body) {
        return begin(lasting(kind, what, pace, _ -> body.pass()), ofMachine);
    }

    /// Begins a loop that lasts until the pod is gone.
    ///
    /// @param kind that the loops of all pods have which do the same
    public Loop loopUntilGone(String kind, String what, Pace pace, Loop.Body body) {
        return begin(lasting(kind, what, pace, _ -> body.pass()), ofPod);
    }

    private Loop lasting(String kind, String what, Pace pace, Loop.LastingBody body) {
        return loops.lastingOfPod(kind, display + " " + what, pace, threads.named(body));
    }

    private Loop begin(Loop loop, Set<Loop> among) {
        among.add(loop);
        if (among == ofMachine ? closed() : gone()) {
            loop.close();
        }
        loop.start();
        return loop;
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
        started.countDown();
        whenClosing.forEach(Runnable::run);
        ofMachine.forEach(Loop::close);
    }

    /// Whether nothing is left to be told of this pod.
    public boolean gone() {
        return gone.getCount() == 0;
    }

    /// Ends every task.
    public void close() {
        gone.countDown();
        closeMachine();
        ofPod.forEach(Loop::close);
        tasks.shutdownNow();
    }

    /// Work that may be interrupted.
    @FunctionalInterface
    public interface Task {
        void run() throws InterruptedException;
    }
}
