package dev.monopod.agent.pod.container;

import dev.monopod.agent.pod.api.PodApi.EventType;
import dev.monopod.agent.pod.life.PodEffect;
import dev.monopod.agent.pod.life.PodEffect.Manner;
import dev.monopod.agent.pod.life.PodInput;
import dev.monopod.agent.pod.life.Termination;
import dev.monopod.agent.pod.log.ContainerLogs;
import dev.monopod.agent.pod.scope.PodRuntime;
import dev.monopod.agent.pod.spec.ConfigurationException;
import dev.monopod.agent.pod.spec.ContainerIds;
import dev.monopod.agent.pod.spec.ContainerPlan;
import dev.monopod.agent.pod.spec.Environment;
import dev.monopod.agent.pod.spec.Signals;
import dev.monopod.host.machine.Hypervisor.VirtualMachine;
import dev.monopod.protocol.guest.ContainerState;
import dev.monopod.protocol.guest.ContainerUser;
import dev.monopod.protocol.guest.ReadVolumeFileRequest;
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

/// Starts and stops single attempts of containers: request, hooks, signals. Each call runs on a
/// thread of its own.
public final class ContainerRunner {
    private static final Logger LOG = LoggerFactory.getLogger(ContainerRunner.class);
    private static final Duration START = Duration.ofSeconds(120);
    private static final Duration CALL = Duration.ofSeconds(10);
    private static final Duration MINIMUM = Duration.ofSeconds(2);
    private static final int START_ERROR = 128;

    private final PodRuntime runtime;
    private final ContainerLogs logs;
    private final ProbeRunner probes;
    private final LifecycleHooks hooks;
    private final Map<String, Stopping> stops = new ConcurrentHashMap<>();

    public ContainerRunner(PodRuntime runtime, ContainerLogs logs, ProbeRunner probes) {
        this.runtime = runtime;
        this.logs = logs;
        this.probes = probes;
        this.hooks = new LifecycleHooks(runtime);
    }

    public void start(ContainerPlan plan, int attempt) throws InterruptedException {
        StartContainerRequest request;
        try {
            request =
                    new ContainerRequest(
                                    runtime.granted(),
                                    new Environment(
                                            runtime.services().source(),
                                            runtime.fields(),
                                            this::volumeFile),
                                    runtime.services().settings().seccompProfiles(),
                                    runtime.memoryBytes())
                            .render(
                                    plan,
                                    attempt,
                                    runtime.image(plan.name()).config(),
                                    runtime.slot(plan.name()));
        } catch (RuntimeException e) {
            String reason =
                    e instanceof ConfigurationException known
                            ? known.reason()
                            : "CreateContainerConfigError";
            unmakeable(plan, attempt, reason, String.valueOf(e.getMessage()));
            return;
        }
        event(EventType.Normal, "Created", "Container created", plan);
        Optional<Instant> begun = begun(plan, attempt, request);
        if (begun.isEmpty()) {
            return;
        }
        Instant startedAt = begun.get();
        event(EventType.Normal, "Started", "Container started", plan);
        logs.copy(plan.name(), attempt);
        runtime.post(new PodInput.Started(plan.name(), attempt, startedAt));
        forgetEarlier(plan, attempt);
        if (hooks.postStart(plan, request.getContainerId(), stopping(plan.name(), attempt))) {
            runtime.post(new PodInput.Hooked(plan.name(), attempt));
            probes.start(plan, attempt, startedAt);
        } else {
            runtime.post(
                    new PodInput.Condemned(
                            plan.name(), attempt, "FailedPostStartHook", Optional.empty()));
        }
    }

    /// Has the guest start it; empty when it does not run, which is told then.
    private Optional<Instant> begun(
            ContainerPlan plan, int attempt, StartContainerRequest request) {
        String id = request.getContainerId();
        switch (outcome(request)) {
            case StartOutcome.Running(Instant startedAt, Optional<ContainerUser> user) -> {
                user.ifPresent(known -> runtime.users().put(plan.name(), known));
                return Optional.of(startedAt);
            }
            case StartOutcome.Unclear _ -> {
                Optional<ContainerState> known = known(id);
                if (known.isEmpty()) {
                    later(
                            plan,
                            attempt,
                            "the machine has not ended an earlier start of this container");
                }
                return known.map(state -> GuestWatch.instant(state.getStartedUnixNanos()));
            }
            case StartOutcome.Later _, StartOutcome.Unmakeable _, StartOutcome.Ended _
                    when runtime.closed() -> {}
            case StartOutcome.Later(String message) -> {
                LOG.warn(
                        "{}: container {} not started: {}; the machine's console: {}",
                        runtime.plan().display(),
                        plan.name(),
                        message,
                        runtime.vm().map(VirtualMachine::consoleTail).orElse(""));
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
            return StartOutcome.of(runtime.guest().blocking(START).startContainer(request));
        } catch (StatusRuntimeException e) {
            return StartOutcome.of(e.getStatus());
        }
    }

    /// What the guest tells of a container that runs, or has run; empty while it is being made.
    private Optional<ContainerState> known(String containerId) {
        try {
            return GuestWatch.list(runtime).stream()
                    .filter(state -> state.getContainerId().equals(containerId))
                    .findFirst();
        } catch (StatusRuntimeException e) {
            LOG.info("{}: containers not listed: {}", runtime.plan().display(), e.getStatus());
            return Optional.empty();
        }
    }

    /// Tells that an attempt is over.
    public void ended(String container, int attempt) {
        probes.stop(container, attempt);
        stopping(container, attempt).over();
    }

    /// Hook, its turn, signal, grace, kill; returns when the attempt has ended. Each wait ends with
    /// the grace, which [#hasten] may shorten.
    public void stop(ContainerPlan plan, PodEffect.StopContainer order)
            throws InterruptedException {
        event(EventType.Normal, "Killing", order.message(), plan);
        probes.stopJudging(plan.name(), order.attempt());
        String id = ContainerIds.of(runtime.plan().uid(), plan.name(), order.attempt());
        Stopping stopping = stopping(plan.name(), order.attempt());
        stopping.within(order.grace());
        if (order.manner() != Manner.AFTER_OTHERS) {
            stopping.due();
        }
        if (order.grace().isPositive()) {
            if (order.manner() != Manner.WITHOUT_HOOK) {
                runtime.run(
                        "preStop hook of " + plan.name(),
                        () -> {
                            try {
                                hooks.preStop(plan, id, stopping);
                            } finally {
                                stopping.hookOver();
                            }
                        });
                stopping.awaitHook();
            }
            stopping.awaitTurn();
            signal(id, Signals.of(plan.spec(), runtime.image(plan.name()).config()), false);
            if (stopping.awaitEnd(MINIMUM)) {
                return;
            }
        }
        while (!runtime.closed()) {
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
        runtime.post(
                new PodInput.ConfigurationTrouble(
                        plan.name(), attempt, "RunContainerError", message));
    }

    private void failed(ContainerPlan plan, int attempt, String containerId, String message) {
        event(EventType.Warning, "Failed", "Error: " + message, plan);
        Instant now = Instant.now();
        runtime.post(
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
        event(EventType.Warning, "Failed", "Error: " + message, plan);
        runtime.post(new PodInput.ConfigurationTrouble(plan.name(), attempt, reason, message));
    }

    private String volumeFile(String volume, String path) {
        return runtime.guest()
                .blocking(CALL)
                .readVolumeFile(
                        ReadVolumeFileRequest.newBuilder().setName(volume).setPath(path).build())
                .getContent()
                .toStringUtf8();
    }

    private void forgetEarlier(ContainerPlan plan, int attempt) {
        if (attempt == 0) {
            return;
        }
        stops.remove(plan.name() + "/" + (attempt - 1));
        runtime.run(
                "forgetting an ended attempt",
                () -> {
                    logs.await(plan.name(), attempt - 1, CALL);
                    runtime.guest()
                            .blocking(CALL)
                            .removeContainer(
                                    RemoveContainerRequest.newBuilder()
                                            .setContainerId(
                                                    ContainerIds.of(
                                                            runtime.plan().uid(),
                                                            plan.name(),
                                                            attempt - 1))
                                            .build());
                });
    }

    private void signal(String id, int number, boolean everything) {
        try {
            runtime.guest()
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
        return stops.computeIfAbsent(container + "/" + attempt, _ -> new Stopping());
    }

    private void event(EventType type, String reason, String message, ContainerPlan plan) {
        runtime.event(type, reason, message, plan.fieldPath());
    }
}
