package dev.monopod.agent.pod.resize;

import dev.monopod.agent.pod.api.PodApi;
import dev.monopod.agent.pod.api.StatusPatch;
import dev.monopod.agent.pod.life.ContainerPhase;
import dev.monopod.agent.pod.life.ContainerRecord;
import dev.monopod.agent.pod.life.PodInput;
import dev.monopod.agent.pod.life.PodState;
import dev.monopod.agent.pod.scope.MachineHandle;
import dev.monopod.agent.pod.scope.PodReports;
import dev.monopod.agent.pod.scope.PodScope;
import dev.monopod.agent.pod.scope.PodView;
import dev.monopod.agent.pod.spec.ContainerIds;
import dev.monopod.agent.pod.spec.ContainerPlan;
import dev.monopod.agent.pod.spec.PodAllocation;
import dev.monopod.agent.pod.spec.PodNumbers;
import dev.monopod.agent.pod.spec.ResourceNumbers;
import dev.monopod.agent.pod.status.PodStatusView;
import dev.monopod.model.size.MebiBytes;
import dev.monopod.model.size.MilliCpu;
import dev.monopod.protocol.guest.LimitResourcesRequest;
import dev.monopod.protocol.guest.Resources;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.PodConditionBuilder;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.fabric8.kubernetes.api.model.PodStatusBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Resizes one pod in place: grants what fits its machine, carries it into the guest's cgroups or
/// starts containers anew, and tells of both in the pod's status. Thread-safe; the work is done on
/// one thread of the pod at a time.
public final class PodResize {
    private static final Logger LOG = LoggerFactory.getLogger(PodResize.class);
    private static final Duration CALL = Duration.ofSeconds(10);
    private static final Duration RETRY = Duration.ofSeconds(5);

    private final PodView view;
    private final PodScope scope;
    private final PodReports reports;
    private final MachineHandle machine;
    private PodAllocation granted;

    /// What holds in the guest, by container.
    private PodAllocation actual;

    private Optional<PodCondition> pending = Optional.empty();
    private Optional<PodCondition> inProgress = Optional.empty();

    /// Attempts that have to give way to later ones.
    private final Map<String, Integer> restarting = new HashMap<>();

    private boolean working;
    private boolean everGranted;
    private volatile Supplier<PodState> state =
            () -> {
                throw new IllegalStateException("the pod has no worker yet");
            };
    private volatile Runnable changed = () -> {};

    public PodResize(PodView view, PodScope scope, PodReports reports, MachineHandle machine) {
        this.view = view;
        this.scope = scope;
        this.reports = reports;
        this.machine = machine;
        try {
            var earlier = PodAllocation.read(view.directory());
            this.everGranted = earlier.isPresent();
            this.granted = earlier.orElseGet(() -> PodAllocation.of(view.pod()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        this.actual = granted;
        view.grant(granted);
    }

    /// @param current the pod's state at any moment
    /// @param action called when the status has something new to tell
    public void follow(Supplier<PodState> current, Runnable action) {
        state = current;
        changed = action;
    }

    public synchronized PodAllocation granted() {
        return granted;
    }

    /// The pod's object changed.
    public synchronized void seen() {
        var pod = view.pod();
        var size = view.machine().getSpec().size();
        var decision =
                ResizeDecision.of(
                        pod,
                        granted,
                        new MilliCpu(size.milliCpu()),
                        new MebiBytes(size.memoryMebiBytes()));
        switch (decision) {
            case ResizeDecision.Unchanged() -> pending = Optional.empty();
            case ResizeDecision.Infeasible(String message) -> refuse(pod, message);
            case ResizeDecision.Granted(PodAllocation allocation) -> grant(pod, allocation);
        }
    }

    private void refuse(Pod pod, String message) {
        var before = pending;
        pending = Optional.of(condition(StatusPatch.RESIZE_PENDING, "Infeasible", message, pod));
        if (before.isEmpty() || !before.get().getMessage().equals(message)) {
            reports.event(PodApi.EventType.Warning, "ResizeInfeasible", message);
        } else {
            pending = before;
        }
    }

    private void grant(Pod pod, PodAllocation allocation) {
        try {
            allocation.write(view.directory());
        } catch (IOException e) {
            LOG.error("{}: failed to record the resize", view.plan().display(), e);
            return;
        }
        granted = allocation;
        view.grant(allocation);
        everGranted = true;
        pending = Optional.empty();
        inProgress = Optional.of(condition(StatusPatch.RESIZE_IN_PROGRESS, "", "", pod));
        reports.event(PodApi.EventType.Normal, "ResizeStarted", "Pod resize started");
        if (!working) {
            working = true;
            scope.run("resize", this::work);
        }
    }

    /// Until what holds is what was granted.
    private void work() throws InterruptedException {
        while (!scope.closed()) {
            var target = granted();
            try {
                carryOut(target);
                if (finished(target)) {
                    changed.run();
                    return;
                }
            } catch (RuntimeException e) {
                fail(String.valueOf(e.getMessage()));
                changed.run();
                if (scope.pause(RETRY)) {
                    return;
                }
            }
        }
    }

    private synchronized boolean finished(PodAllocation target) {
        actual = target;
        if (!granted.equals(target)) {
            return false;
        }
        working = false;
        endIfAllStarted();
        return true;
    }

    private void endIfAllStarted() {
        if (!working && restarting.isEmpty() && inProgress.isPresent()) {
            inProgress = Optional.empty();
            reports.event(PodApi.EventType.Normal, "ResizeCompleted", "Pod resize completed");
        }
    }

    private synchronized void fail(String message) {
        inProgress =
                Optional.of(
                        condition(StatusPatch.RESIZE_IN_PROGRESS, "Error", message, view.pod()));
    }

    /// A container runs. It may have been asked for before the grant, or by an agent that was
    /// killed after it: so it gets its limits once more.
    public void started(String container, int attempt) {
        synchronized (this) {
            if (!everGranted) {
                return;
            }
            var old = restarting.get(container);
            if (old != null && attempt > old) {
                restarting.remove(container);
                endIfAllStarted();
            }
        }
        changed.run();
        scope.run("limits of " + container, () -> limitAgain(container, attempt));
    }

    private void limitAgain(String name, int attempt) {
        var pod = granted().applyTo(view.pod());
        PodAllocation.containers(pod)
                .filter(one -> one.getName().equals(name))
                .forEach(one ->
                        limit(
                                ContainerIds.of(view.plan().uid(), name, attempt),
                                ResourceNumbers.of(pod, one, machine.memoryBytes())));
        limit("", PodNumbers.of(pod, machine.memoryBytes()));
    }

    /// The group of all gets the wider of old and new limits before its containers change, and its
    /// own after them.
    private void carryOut(PodAllocation target) {
        PodAllocation from;
        synchronized (this) {
            from = actual;
        }
        var pod = target.applyTo(view.pod());
        var before = PodNumbers.of(from.applyTo(view.pod()), machine.memoryBytes());
        var after = PodNumbers.of(pod, machine.memoryBytes());
        limit("", widest(before, after));
        for (var told : running()) {
            var container = told.plan().spec();
            if (target.container(container.getName()).equals(from.container(container.getName()))
                    && target.whole().equals(from.whole())) {
                continue;
            }
            if (ResizeDecision.restarts(container, from, target)) {
                restart(told);
            } else {
                limit(
                        ContainerIds.of(view.plan().uid(), container.getName(), told.attempt()),
                        ResourceNumbers.of(pod, container, machine.memoryBytes()));
            }
        }
        limit("", after);
    }

    private List<ContainerRecord> running() {
        return state.get().all().stream()
                .filter(one -> one.phase() instanceof ContainerPhase.Running)
                .filter(one -> one.plan().kind() != ContainerPlan.Kind.EPHEMERAL)
                .toList();
    }

    private void restart(ContainerRecord container) {
        synchronized (this) {
            restarting.put(container.name(), container.attempt());
        }
        reports.post(
                new PodInput.Condemned(
                        container.name(),
                        container.attempt(),
                        "Container %s resize requires restart".formatted(container.name()),
                        Optional.empty()));
    }

    private void limit(String id, Resources resources) {
        machine.guest()
                .blocking(CALL)
                .limitResources(
                        LimitResourcesRequest.newBuilder()
                                .setContainerId(id)
                                .setResources(resources)
                                .build());
    }

    private static Resources widest(Resources before, Resources after) {
        return after.toBuilder()
                .setMemoryMaxBytes(
                        before.getMemoryMaxBytes() == 0 || after.getMemoryMaxBytes() == 0
                                ? 0
                                : Math.max(before.getMemoryMaxBytes(), after.getMemoryMaxBytes()))
                .setMemoryMinBytes(Math.max(before.getMemoryMinBytes(), after.getMemoryMinBytes()))
                .build();
    }

    private PodCondition condition(String type, String reason, String message, Pod pod) {
        var now = PodStatusView.time(scope.now());
        return new PodConditionBuilder()
                .withType(type)
                .withStatus("True")
                .withReason(reason.isEmpty() ? null : reason)
                .withMessage(message)
                .withLastProbeTime(now)
                .withLastTransitionTime(now)
                .withObservedGeneration(pod.getMetadata().getGeneration())
                .build();
    }

    /// The status with what was granted, what holds, and how far a resize is.
    public synchronized PodStatus decorate(PodStatus status) {
        List<PodCondition> conditions = new ArrayList<>(status.getConditions());
        conditions.removeIf(
                condition -> StatusPatch.RESIZE_CONDITIONS.contains(condition.getType()));
        pending.ifPresent(conditions::add);
        inProgress.ifPresent(conditions::add);
        var decorated = new PodStatusBuilder(status).withConditions(conditions);
        if (status.getObservedGeneration() == null) {
            decorated.withObservedGeneration(view.pod().getMetadata().getGeneration());
        }
        granted.whole()
                .ifPresent(whole ->
                        decorated
                                .withAllocatedResources(whole.getRequests())
                                .withResources(actual.whole().orElse(whole)));
        var built = decorated.build();
        built.getInitContainerStatuses().forEach(this::decorate);
        built.getContainerStatuses().forEach(this::decorate);
        return built;
    }

    private void decorate(ContainerStatus status) {
        var runs = status.getState() != null && status.getState().getRunning() != null;
        var holds = runs && !restarting.containsKey(status.getName()) ? actual : granted;
        var requests = granted.container(status.getName()).getRequests();
        status.setAllocatedResources(requests == null || requests.isEmpty() ? null : requests);
        status.setResources(holds.container(status.getName()));
    }
}
