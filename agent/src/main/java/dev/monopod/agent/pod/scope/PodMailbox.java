package dev.monopod.agent.pod.scope;

import dev.monopod.agent.pod.life.PodInput;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// The inputs of one pod, in the order in which they came. Never blocks the thread that posts: of
/// inputs that tell how one thing stands only the last is kept, and a box that is full fails its
/// own pod and no other. Thread-safe; one thread takes.
public final class PodMailbox {
    /// A pod of ten containers that all start, fail and are probed at once has under a hundred.
    static final int LIMIT = 1024;

    private static final String REASON = "PodWorkerOverloaded";

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition arrived = lock.newCondition();
    private final ArrayDeque<PodInput> inputs = new ArrayDeque<>();
    private boolean overflowed;
    private boolean told;

    /// Returns at once. What ends the pod always finds a place; when another input finds none, the
    /// pod fails.
    public void post(PodInput input) {
        lock.lock();
        try {
            if (inputs.stream().anyMatch(earlier -> saidBy(earlier, input))) {
                return;
            }
            inputs.removeIf(earlier -> outdatedBy(earlier, input));
            if (inputs.size() < LIMIT || ends(input)) {
                inputs.add(input);
            } else {
                overflowed = true;
            }
            arrived.signal();
        } finally {
            lock.unlock();
        }
    }

    /// Waits for the next input; empty when none comes in time.
    public Optional<PodInput> take(Duration patience) throws InterruptedException {
        var left = patience.toNanos();
        lock.lock();
        try {
            while (true) {
                if (overflowed && !told) {
                    told = true;
                    return Optional.of(
                            new PodInput.Fail(
                                    REASON,
                                    "More than %d inputs of the pod wait for its worker on the host"
                                            .formatted(LIMIT),
                                    Duration.ZERO));
                }
                if (!inputs.isEmpty()) {
                    return Optional.of(inputs.remove());
                }
                if (left <= 0) {
                    return Optional.empty();
                }
                left = arrived.awaitNanos(left);
            }
        } finally {
            lock.unlock();
        }
    }

    /// Whether nothing is lost when the later one is left out.
    private static boolean saidBy(PodInput earlier, PodInput later) {
        return switch (later) {
            case PodInput.Deletion(Duration grace) ->
                    earlier instanceof PodInput.Deletion(Duration before)
                            && before.compareTo(grace) <= 0;
            case PodInput.MachineLost _ -> earlier instanceof PodInput.MachineLost;
            case PodInput.ObjectGone _,
                    PodInput.MachineOff _,
                    PodInput.Started _,
                    PodInput.Ended _ ->
                    earlier.equals(later);
            default -> false;
        };
    }

    /// Whether the later one tells how the same thing stands now.
    private static boolean outdatedBy(PodInput earlier, PodInput later) {
        return switch (later) {
            case PodInput.Deletion _ -> earlier instanceof PodInput.Deletion;
            case PodInput.Changed _ -> earlier instanceof PodInput.Changed;
            case PodInput.Ready ready ->
                    earlier instanceof PodInput.Ready before
                            && before.container().equals(ready.container())
                            && before.attempt() == ready.attempt();
            case PodInput.ImageTrouble trouble ->
                    earlier instanceof PodInput.ImageTrouble before
                            && before.container().equals(trouble.container());
            default -> false;
        };
    }

    private static boolean ends(PodInput input) {
        return input instanceof PodInput.Deletion
                || input instanceof PodInput.ObjectGone
                || input instanceof PodInput.MachineLost
                || input instanceof PodInput.MachineOff;
    }
}
