package dev.monopod.agent.pod.status;

import dev.monopod.agent.pod.api.PodApi;
import dev.monopod.agent.pod.life.ContainerRecord;
import dev.monopod.agent.pod.life.PodState;
import dev.monopod.agent.pod.scope.MachineHandle;
import dev.monopod.agent.pod.scope.PodScope;
import dev.monopod.agent.pod.scope.PodView;
import dev.monopod.agent.pod.scope.StartTrace;
import dev.monopod.model.loop.Loop;
import dev.monopod.model.loop.Pace;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodReadinessGate;
import io.fabric8.kubernetes.api.model.PodStatus;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// Writes the newest state of one pod to the API server, from a loop of its own: states that follow
/// each other fast are written once, and the owner thread never waits for the network. What others
/// changed of it is written anew, every ten seconds at most: they may do it again.
public final class PodStatusWriter {
    private static final Pace PACE =
            Pace.whenNudged().withRetries(Duration.ofSeconds(1), Duration.ofSeconds(8));
    private static final Pace REPAIRS = Pace.whenNudged().withGap(Duration.ofSeconds(10));

    /// A pod that waits is told of this late, so that what follows soon is told with it.
    private static final Duration SETTLED = Duration.ofMillis(250);

    private final PodView view;
    private final PodScope scope;
    private final MachineHandle machine;
    private final PodApi api;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Pace repairs;
    private Optional<PodState> wanted = Optional.empty();

    /// The newest state, written or not.
    private Optional<PodState> newest = Optional.empty();

    private Optional<Loop> loop = Optional.empty();
    private boolean busy;
    private PodStatus written;

    /// Of the pod as the last write made it.
    private long version;

    public PodStatusWriter(PodView view, PodScope scope, MachineHandle machine, PodApi api) {
        this(view, scope, machine, api, REPAIRS);
    }

    PodStatusWriter(PodView view, PodScope scope, MachineHandle machine, PodApi api, Pace repairs) {
        this.repairs = repairs;
        this.view = view;
        this.scope = scope;
        this.machine = machine;
        this.api = api;
        this.written = statusOf(view.pod());
        this.version = version(view.pod());
    }

    private static PodStatus statusOf(Pod pod) {
        var status = pod.getStatus();
        return status == null ? new PodStatus() : status;
    }

    /// The status as it stands for readers on this host.
    public PodStatus current() {
        lock.lock();
        try {
            return written;
        } finally {
            lock.unlock();
        }
    }

    public void want(PodState state) {
        lock.lock();
        try {
            wanted = Optional.of(state);
            newest = wanted;
            changed.signalAll();
            loop.ifPresent(Loop::nudge);
        } finally {
            lock.unlock();
        }
    }

    /// Waits until everything wanted so far is written, or patience ends.
    public void flush(Duration patience) throws InterruptedException {
        var left = patience.toNanos();
        lock.lock();
        try {
            while ((wanted.isPresent() || busy) && left > 0) {
                left = changed.awaitNanos(left);
            }
        } finally {
            lock.unlock();
        }
    }

    /// Writes what is wanted now, and from now on.
    public void start() {
        lock.lock();
        try {
            loop = Optional.of(scope.loopUntilGone("pod-status", "status", PACE, this::pass));
        } finally {
            lock.unlock();
        }
        var repair = new AtomicReference<@Nullable Loop>();
        Runnable again = () -> Optional.ofNullable(repair.get()).ifPresent(Loop::nudge);
        repair.set(
                scope.loopUntilGone("pod-status-repair", "repair", repairs, () -> repair(again)));
        view.onSeen(() -> {
            if (isChanged(view.pod())) {
                again.run();
            }
        });
    }

    /// Whether others have written to the pod since we did, and to what is ours. A watch may lag:
    /// what it shows from before the last write says nothing.
    private boolean isChanged(Pod seen) {
        lock.lock();
        try {
            return newest.isPresent()
                    && version(seen) > version
                    && ForeignChange.between(written, statusOf(seen));
        } finally {
            lock.unlock();
        }
    }

    /// @param again for what a write is about to overtake, or has caused
    private void repair(Runnable again) {
        var seen = view.pod();
        lock.lock();
        try {
            if (isChanged(seen) && busy) {
                again.run();
            } else if (isChanged(seen)) {
                written = statusOf(seen);
                newest.ifPresent(this::want);
            }
        } finally {
            lock.unlock();
        }
    }

    /// Of one kind, versions can be compared; 0 if there is none, or one that is no number.
    private static long version(Pod pod) {
        var version = pod.getMetadata().getResourceVersion();
        return version == null || !version.matches("[0-9]{1,18}") ? 0 : Long.parseLong(version);
    }

    /// Whatever goes wrong, the newest state is written in the end.
    private void pass() throws InterruptedException {
        var state = begin();
        if (state.isEmpty()) {
            return;
        }
        var done = false;
        try {
            write(state.get());
            done = true;
        } finally {
            end(state.get(), done);
        }
    }

    private Optional<PodState> begin() throws InterruptedException {
        var left = SETTLED.toNanos();
        lock.lock();
        try {
            while (wanted.filter(PodStatusWriter::waits).isPresent() && left > 0) {
                left = changed.awaitNanos(left);
            }
            var state = wanted;
            wanted = Optional.empty();
            busy = state.isPresent();
            return state;
        } finally {
            lock.unlock();
        }
    }

    /// Nobody misses anything yet.
    private static boolean waits(PodState state) {
        return state.failure().isEmpty()
                && state.deletion().isEmpty()
                && state.all().stream().noneMatch(ContainerRecord::everStarted);
    }

    private void end(PodState state, boolean done) {
        lock.lock();
        try {
            busy = false;
            if (!done && wanted.isEmpty()) {
                wanted = Optional.of(state);
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void write(PodState state) {
        if (state.objectGone()) {
            // There is no such pod, or it is not this machine's.
            return;
        }
        Map<String, String> imageIds = new HashMap<>();
        machine.images().forEach((name, image) -> imageIds.put(name, image.imageId()));
        var gates =
                view.pod().getSpec().getReadinessGates().stream()
                        .map(PodReadinessGate::getConditionType)
                        .toList();
        var seen = statusOf(view.pod());
        var before = written.getConditions().isEmpty() ? seen : merge(written, seen);
        var status =
                PodStatusView.render(
                        state,
                        new PodFacts(
                                view.address(),
                                view.address(),
                                imageIds,
                                machine.users(),
                                generation()),
                        before,
                        gates,
                        scope.now());
        if (status.equals(written)) {
            return;
        }
        var patched = api.patchStatus(view.pod(), status);
        if ("Running".equals(status.getPhase())) {
            scope.reached(StartTrace.Step.TOLD);
        }
        lock.lock();
        try {
            written = status;
            version = patched.map(PodStatusWriter::version).orElse(version);
        } finally {
            lock.unlock();
        }
    }

    private long generation() {
        var generation = view.pod().getMetadata().getGeneration();
        return generation == null ? 0 : generation;
    }

    /// Our own conditions as written, those of others (readiness gates) as last seen.
    private static PodStatus merge(PodStatus own, PodStatus seen) {
        var merged = new PodStatus();
        merged.setPodIP(own.getPodIP());
        merged.setConditions(
                java.util.stream.Stream.concat(
                                own.getConditions().stream(), seen.getConditions().stream())
                        .toList());
        return merged;
    }
}
