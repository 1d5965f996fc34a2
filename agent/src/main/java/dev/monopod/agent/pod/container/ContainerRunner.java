package dev.monopod.agent.pod.container;

import dev.monopod.agent.pod.life.PodEffect;
import dev.monopod.agent.pod.life.PodEffect.Manner;
import dev.monopod.agent.pod.life.PodInput;
import dev.monopod.agent.pod.life.Termination;
import dev.monopod.agent.pod.log.ContainerLogs;
import dev.monopod.agent.pod.scope.MachineHandle;
import dev.monopod.agent.pod.scope.PodReports;
import dev.monopod.agent.pod.scope.PodScope;
import dev.monopod.agent.pod.scope.PodView;
import dev.monopod.agent.pod.spec.ConfigurationException;
import dev.monopod.agent.pod.spec.ContainerIds;
import dev.monopod.agent.pod.spec.ContainerPlan;
import dev.monopod.agent.pod.spec.PodAllocation;
import dev.monopod.agent.pod.spec.Signals;
import dev.monopod.host.guest.GuestLog;
import dev.monopod.host.machine.Hypervisor.VirtualMachine;
import dev.monopod.kube.client.EventType;
import dev.monopod.protocol.guest.ContainerState;
import dev.monopod.protocol.guest.ContainerUser;
import dev.monopod.protocol.guest.RemoveContainerRequest;
import dev.monopod.protocol.guest.SignalContainerRequest;
import dev.monopod.protocol.guest.StartContainerRequest;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/// Starts and stops single attempts of containers: request, hooks, signals. Each call runs on a
/// thread of its own.
public final class ContainerRunner {
    private static final Logger LOG = LoggerFactory.getLogger(ContainerRunner.class);
    private static final Duration START = Duration.ofSeconds(120);
    private static final Duration CALL = Duration.ofSeconds(10);
    private static final Duration MINIMUM = Duration.ofSeconds(2);
    private static final int START_ERROR = 128;

    private final PodView view;
    private final PodScope scope;
    private final PodReports reports;
    private final MachineHandle machine;
    private final Steps steps;
    private final GuestLog log;
    private final Map<String, Stopping> stops = new ConcurrentHashMap<>();

    /// What a start or a stop is made of.
    ///
    /// @param hooks of this pod
    public record Steps(
            ContainerRequests requests,
            ContainerLogs logs,
            ProbeRunner probes,
            LifecycleHooks hooks) {}

    public ContainerRunner(
            PodView view, PodScope scope, PodReports reports, MachineHandle machine, Steps steps) {
        this.view = view;
        this.scope = scope;
        this.reports = reports;
        this.machine = machine;
        this.steps = steps;
        this.log = new GuestLog(LOG, scope.clocks().steady());
    }

    /// @param granted the resources that the pod had when the start was decided
    public void start(ContainerPlan plan, int attempt, PodAllocation granted)
            throws InterruptedException {
        StartContainerRequest request;
        try {
            request = steps.requests().render(plan, attempt, granted);
        } catch (RuntimeException e) {
            var reason =
                    e instanceof ConfigurationException known
                            ? known.reason()
                            : "CreateContainerConfigError";
            unmakeable(plan, attempt, reason, String.valueOf(e.getMessage()));
            return;
        }
        event(EventType.NORMAL, "Created", "Container created", plan);
        var begun = begun(plan, attempt, request);
        if (begun.isEmpty()) {
            return;
        }
        var startedAt = begun.get();
        var since = scope.steady();
        steps.logs().copy(plan.name(), attempt);
        reports.post(new PodInput.Started(plan.name(), attempt, startedAt));
        // After the status, which is what others wait for.
        event(EventType.NORMAL, "Started", "Container started", plan);
        forgetEarlier(plan, attempt);
        if (steps.hooks()
                .postStart(plan, request.getContainerId(), stopping(plan.name(), attempt))) {
            reports.post(new PodInput.Hooked(plan.name(), attempt));
            steps.probes().start(plan, attempt, since);
        } else {
            reports.post(
                    new PodInput.Condemned(
                            plan.name(), attempt, "FailedPostStartHook", Optional.empty()));
        }
    }

    /// Has the guest start it; empty when it does not run, which is told then.
    private Optional<Instant> begun(
            ContainerPlan plan, int attempt, StartContainerRequest request) {
        var id = request.getContainerId();
        switch (outcome(request)) {
            case StartOutcome.Running(Instant startedAt, Optional<ContainerUser> user) -> {
                user.ifPresent(known -> machine.runsAs(plan.name(), known));
                return Optional.of(startedAt);
            }
            case StartOutcome.Unclear _ -> {
                var known = known(id);
                if (known.isEmpty()) {
                    later(
                            plan,
                            attempt,
                            "the machine has not ended an earlier start of this container");
                }
                return known.map(state -> GuestWatch.instant(state.getStartedUnixNanos()));
            }
            case StartOutcome.Later _, StartOutcome.Unmakeable _, StartOutcome.Ended _
                    when scope.closed() -> {}
            case StartOutcome.Later(String message) -> {
                log.log(
                        Level.WARN,
                        "{}: failed to start container {}: {}; the machine's console: {}",
                        view.plan().display(),
                        plan.name(),
                        message,
                        machine.vm().map(VirtualMachine::consoleTail).orElse(""));
                later(plan, attempt, message);
            }
            case StartOutcome.Unmakeable(String reason, String message) ->
                    unmakeable(plan, attempt, reason, message);
            case StartOutcome.Ended(String message) -> failed(plan, attempt, id, message);
        }
        return Optional.empty();
    }

    private StartOutcome outcome(StartContainerRequest request) {
        try {
            return StartOutcome.of(machine.guest().blocking(START).startContainer(request));
        } catch (StatusRuntimeException e) {
            return StartOutcome.of(e.getStatus());
        }
    }

    /// What the guest tells of a container that runs, or has run; empty while it is being made.
    private Optional<ContainerState> known(String containerId) {
        try {
            return GuestWatch.list(machine).stream()
                    .filter(state -> state.getContainerId().equals(containerId))
                    .findFirst();
        } catch (StatusRuntimeException e) {
            log.log(
                    Level.INFO,
                    "{}: failed to list the containers: {}",
                    view.plan().display(),
                    e.getStatus());
            return Optional.empty();
        }
    }

    /// Tells that an attempt is over.
    public void ended(String container, int attempt) {
        steps.probes().stop(container, attempt);
        stopping(container, attempt).over();
    }

    /// Hook, its turn, signal, grace, kill; returns when the attempt has ended. Each wait ends with
    /// the grace, which [#hasten] may shorten.
    public void stop(ContainerPlan plan, PodEffect.StopContainer order)
            throws InterruptedException {
        event(EventType.NORMAL, "Killing", order.message(), plan);
        steps.probes().stopJudging(plan.name(), order.attempt());
        var id = ContainerIds.of(view.plan().uid(), plan.name(), order.attempt());
        var stopping = stopping(plan.name(), order.attempt());
        stopping.within(order.grace());
        if (order.manner() != Manner.AFTER_OTHERS) {
            stopping.due();
        }
        if (order.grace().isPositive()) {
            if (order.manner() != Manner.WITHOUT_HOOK) {
                scope.run(
                        "preStop hook of " + plan.name(),
                        () -> {
                            try {
                                steps.hooks().preStop(plan, id, stopping);
                            } finally {
                                stopping.hookOver();
                            }
                        });
                stopping.awaitHook();
            }
            stopping.awaitTurn();
            signal(id, Signals.of(plan.spec(), machine.image(plan.name()).config()), false);
            if (stopping.awaitEnd(MINIMUM)) {
                return;
            }
        }
        while (!scope.closed()) {
            signal(id, Signals.KILL, true);
            if (stopping.awaitEndFor(CALL)) {
                return;
            }
        }
    }

    /// The others have ended: a container that waits for that gets its signal.
    public void takeTurn(String container, int attempt) {
        stopping(container, attempt).due();
    }

    /// Shortens a stop that is under way.
    public void hasten(String container, int attempt, Duration grace) {
        stopping(container, attempt).within(grace);
    }

    private void later(ContainerPlan plan, int attempt, String message) {
        reports.post(
                new PodInput.ConfigurationTrouble(
                        plan.name(), attempt, "RunContainerError", message));
    }

    private void failed(ContainerPlan plan, int attempt, String containerId, String message) {
        event(EventType.WARNING, "Failed", "Error: " + message, plan);
        var now = scope.now();
        reports.post(
                new PodInput.Ended(
                        plan.name(),
                        attempt,
                        new Termination(
                                containerId,
                                START_ERROR,
                                0,
                                "StartError",
                                message,
                                Instant.EPOCH,
                                now)));
    }

    /// The container waits, and is tried again.
    private void unmakeable(ContainerPlan plan, int attempt, String reason, String message) {
        event(EventType.WARNING, "Failed", "Error: " + message, plan);
        reports.post(new PodInput.ConfigurationTrouble(plan.name(), attempt, reason, message));
    }

    private void forgetEarlier(ContainerPlan plan, int attempt) {
        if (attempt == 0) {
            return;
        }
        stops.remove(plan.name() + "/" + (attempt - 1));
        scope.run(
                "forgetting an ended attempt",
                () -> {
                    steps.logs().await(plan.name(), attempt - 1, CALL);
                    machine.guest()
                            .blocking(CALL)
                            .removeContainer(
                                    RemoveContainerRequest.newBuilder()
                                            .setContainerId(
                                                    ContainerIds.of(
                                                            view.plan().uid(),
                                                            plan.name(),
                                                            attempt - 1))
                                            .build());
                });
    }

    private void signal(String id, int number, boolean everything) {
        try {
            machine.guest()
                    .blocking(CALL)
                    .signalContainer(
                            SignalContainerRequest.newBuilder()
                                    .setContainerId(id)
                                    .setSignal(number)
                                    .setAllProcesses(everything)
                                    .build());
        } catch (StatusRuntimeException e) {
            // Ended meanwhile, or the channel broke: the caller waits and asks again.
        }
    }

    private Stopping stopping(String container, int attempt) {
        return stops.computeIfAbsent(
                container + "/" + attempt, _ -> new Stopping(scope.clocks().steady()));
    }

    private void event(EventType type, String reason, String message, ContainerPlan plan) {
        reports.event(type, reason, message, plan.fieldPath());
    }
}
