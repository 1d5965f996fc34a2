package dev.monopod.model.loop;

import dev.monopod.model.loop.LoopHealth.Reach;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.InstantSource;
import java.util.OptionalLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/// Runs a body pass after pass until it is closed, whatever the body throws. The first pass comes
/// at the start, the next ones as its [Pace] says. Nudges that come together are one, and one that
/// comes during a pass brings another pass, so a change is never missed. All passes run on one
/// virtual thread, named as the loop.
///
/// A failure is logged (the 1st, 2nd, 4th, 8th … until ten minutes bring none, since others, such
/// as a guest, may cause any number of them), counted and backed off; only a failure of the JVM
/// itself ends the loop, and then its health says so. Made by [Loops], which shows its health. All
/// methods may be called by any thread.
public final class Loop implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Loop.class.getName());

    /// A pass that heeds its interruption has ended by then.
    private static final Duration END = Duration.ofSeconds(1);

    /// One pass. To throw is to ask for another pass after the back-off.
    @FunctionalInterface
    public interface Body {
        void pass() throws Exception;
    }

    /// One pass that knows when the next one is due.
    @FunctionalInterface
    public interface PlannedBody {
        /// Returns the rest until the next pass; a nudge makes it shorter.
        Duration pass() throws Exception;
    }

    /// One pass that lasts as long as there is something to follow, and says how it gets on.
    @FunctionalInterface
    public interface LastingBody {
        void pass(Signs signs) throws Exception;
    }

    /// What a pass that lasts says of itself. Of the loop's thread.
    public interface Signs {
        /// From here on it waits for what others do, however long that takes.
        void waits();

        /// It has something to do again, or got on with it: the limit of its pace counts from here.
        void works();

        /// It has done what it failed to do before: the failures are over.
        void succeeds();
    }

    /// One pass of any kind; returns the rest until the next one.
    @FunctionalInterface
    interface Pass {
        Duration run(Signs signs) throws Exception;
    }

    /// What a loop needs of the process around it.
    record Surroundings(InstantSource clock, RandomGenerator random, Consumer<Loop> onClose) {}

    /// What one pass led to: the longest rest after it, and the shortest if it is nudged.
    private record Rest(Duration longest, Duration shortest) {}

    private final String name;
    private final Reach reach;
    private final Pace pace;
    private final Pass body;
    private final Surroundings surroundings;
    private final Thread thread;
    private final Signs signs = new OwnSigns();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition moved = lock.newCondition();

    // All under the lock; the failures whatever succeeded between them.
    private Recurrence failures = Recurrence.NONE;
    private Progress progress = Progress.none();
    private Rest rest = new Rest(Duration.ZERO, Duration.ZERO);
    private long restsSince = System.nanoTime();
    private boolean nudged;
    private OptionalLong wantedBy = OptionalLong.empty();
    private boolean closed;

    Loop(String name, Reach reach, Pace pace, Pass body, Surroundings surroundings) {
        this.name = name;
        this.reach = reach;
        this.pace = pace;
        this.body = body;
        this.surroundings = surroundings;
        this.thread = Thread.ofVirtual().name(name).unstarted(this::run);
    }

    /// The first pass begins. Call once; after a close it does nothing.
    public void start() {
        lock.lock();
        try {
            if (!closed) {
                thread.start();
            }
        } finally {
            lock.unlock();
        }
    }

    /// Something may have changed: another pass, soon. Does not block.
    public void nudge() {
        lock.lock();
        try {
            if (!nudged) {
                nudged = true;
                progress = progress.hurried(surroundings.clock().instant(), rest.shortest());
                moved.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /// Something may have changed that does not press: another pass within so long, which sees what
    /// comes until then. Does not block.
    public void nudgeWithin(Duration longest) {
        lock.lock();
        try {
            var now = System.nanoTime();
            var by = now + longest.toNanos();
            if (wantedBy.isEmpty() || by - wantedBy.getAsLong() < 0) {
                wantedBy = OptionalLong.of(by);
                var left = nextRest().minusNanos(now - restsSince);
                progress = progress.hurried(surroundings.clock().instant(), left);
                moved.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    public LoopHealth health() {
        lock.lock();
        try {
            return progress.health(name, reach, pace.limit(), surroundings.clock().instant());
        } finally {
            lock.unlock();
        }
    }

    /// No pass begins any more. Interrupts the one that runs, and waits a second for its end.
    @Override
    public void close() {
        lock.lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            moved.signalAll();
        } finally {
            lock.unlock();
        }
        surroundings.onClose().accept(this);
        if (thread.getState() == Thread.State.NEW || Thread.currentThread() == thread) {
            return;
        }
        thread.interrupt();
        try {
            if (!thread.join(END)) {
                LOG.log(Level.WARNING, "{0} is closed, its last pass still runs", name);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        try {
            delay();
            while (begin()) {
                try {
                    var wanted = body.run(signs);
                    end(wanted);
                } catch (Throwable e) {
                    if (e instanceof VirtualMachineError && !(e instanceof StackOverflowError)) {
                        throw e;
                    }
                    fail(e);
                }
                rest();
            }
        } catch (Throwable e) {
            ended(e);
        }
    }

    private void delay() {
        if (pace.delay().isZero()) {
            return;
        }
        lock.lock();
        try {
            rests(pace.delay(), pace.gap());
            progress = progress.rests(surroundings.clock().instant(), nextRest());
        } finally {
            lock.unlock();
        }
        rest();
    }

    private boolean begin() {
        lock.lock();
        try {
            // What came until here is seen by this pass.
            nudged = false;
            wantedBy = OptionalLong.empty();
            progress = progress.began(surroundings.clock().instant());
            return !closed;
        } finally {
            lock.unlock();
        }
    }

    private void end(Duration wanted) {
        lock.lock();
        try {
            tellMended();
            rests(longer(wanted, pace.gap()), pace.gap());
            progress = progress.succeeded(surroundings.clock().instant(), nextRest());
        } finally {
            lock.unlock();
        }
    }

    private void tellMended() {
        if (progress.failures() > 0 && failures.isTold()) {
            LOG.log(Level.INFO, "{0} works again after {1} failures", name, progress.failures());
        }
    }

    private void fail(Throwable why) {
        lock.lock();
        try {
            if (closed) {
                return;
            }
            var inARow = progress.failures() + 1;
            var backOff = longer(pace.backOff(inARow, surroundings.random()), pace.gap());
            var soonest = longer(pace.firstRetry(), pace.gap());
            rests(backOff, backOff.compareTo(soonest) < 0 ? backOff : soonest);
            progress = progress.failed(surroundings.clock().instant(), why, nextRest());
            log(inARow, why, backOff);
        } finally {
            lock.unlock();
        }
    }

    private void rests(Duration longest, Duration shortest) {
        rest = new Rest(longest, shortest);
        restsSince = System.nanoTime();
    }

    private Duration nextRest() {
        if (nudged) {
            return rest.shortest();
        }
        if (wantedBy.isEmpty()) {
            return rest.longest();
        }
        var wanted = longer(Duration.ofNanos(wantedBy.getAsLong() - restsSince), rest.shortest());
        return wanted.compareTo(rest.longest()) < 0 ? wanted : rest.longest();
    }

    private static Duration longer(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? other : one;
    }

    private void log(int inARow, Throwable why, Duration backOff) {
        failures = failures.another(surroundings.clock().instant());
        if (!failures.isTold()) {
            return;
        }
        var text =
                "%s failed (%d in a row), trying again in %d ms: %s"
                        .formatted(name, inARow, backOff.toMillis(), Progress.text(why));
        if (failures.number() == 1 && unexpected(why)) {
            LOG.log(Level.WARNING, text, why);
        } else {
            LOG.log(Level.WARNING, text);
        }
    }

    /// Whether it speaks of a mistake in our code, which only its stack trace can locate.
    private static boolean unexpected(Throwable why) {
        var home = why.getClass().getPackageName();
        return why instanceof Error
                || why instanceof RuntimeException
                        && (home.equals("java.lang") || home.equals("java.util"));
    }

    /// Returns when the next pass is due, or the loop is closed.
    private void rest() {
        // A pass may have ended with its thread interrupted; only closing ends the loop.
        var _ = Thread.interrupted();
        lock.lock();
        try {
            while (!closed) {
                var left = nextRest().toNanos() - (System.nanoTime() - restsSince);
                if (left <= 0) {
                    return;
                }
                try {
                    var _ = moved.awaitNanos(left);
                } catch (InterruptedException e) {
                    // By closing, which the condition sees, or by nobody who may.
                    continue;
                }
            }
        } finally {
            lock.unlock();
        }
    }

    private void ended(Throwable why) {
        lock.lock();
        try {
            progress = progress.ended(why);
        } finally {
            lock.unlock();
        }
        LOG.log(Level.ERROR, name + " ended: the JVM failed", why);
    }

    private final class OwnSigns implements Signs {
        @Override
        public void waits() {
            lock.lock();
            try {
                progress = progress.follows();
            } finally {
                lock.unlock();
            }
        }

        @Override
        public void succeeds() {
            lock.lock();
            try {
                tellMended();
                progress = progress.mended(surroundings.clock().instant());
            } finally {
                lock.unlock();
            }
        }

        @Override
        public void works() {
            lock.lock();
            try {
                progress = progress.began(surroundings.clock().instant());
            } finally {
                lock.unlock();
            }
        }
    }
}
