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
import dev.monopod.protocol.guest.ReadVolumeFileRequest;
import dev.monopod.protocol.guest.RemoveContainerRequest;
import dev.monopod.protocol.guest.SignalContainerRequest;
import dev.monopod.protocol.guest.StartContainerRequest;
import dev.monopod.protocol.guest.StartContainerResponse;
import io.grpc.Status;
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
        Instant startedAt;
        try {
            event(EventType.Normal, "Created", "Container created", plan);
            StartContainerResponse response =
                    runtime.guest().blocking(START).startContainer(request);
            startedAt = GuestWatch.instant(response.getStartedUnixNanos());
            if (response.hasUser()) {
                runtime.users().put(plan.name(), response.getUser());
            }
        } catch (StatusRuntimeException e) {
            if (e.getStatus().getCode() != Status.Code.ALREADY_EXISTS) {
                failed(plan, attempt, request, e.getStatus());
                return;
            }
            Optional<ContainerState> known = known(request.getContainerId());
            if (known.isEmpty()) {
                runtime.post(
                        new PodInput.ConfigurationTrouble(
                                plan.name(),
                                attempt,
                                "RunContainerError",
                                "the machine has not ended an earlier start of this container"));
                return;
            }
            startedAt = GuestWatch.instant(known.get().getStartedUnixNanos());
        }
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

    private void failed(
            ContainerPlan plan, int attempt, StartContainerRequest request, Status status) {
        if (runtime.closed()) {
            return;
        }
        String message = Optional.ofNullable(status.getDescription()).orElse(status.toString());
        if (status.getCode() == Status.Code.UNAVAILABLE
                || status.getCode() == Status.Code.DEADLINE_EXCEEDED) {
            LOG.warn(
                    "{}: container {} not started: {}; the machine's console: {}",
                    runtime.plan().display(),
                    plan.name(),
                    status,
                    runtime.vm().map(VirtualMachine::consoleTail).orElse(""));
            runtime.post(
                    new PodInput.ConfigurationTrouble(
                            plan.name(), attempt, "RunContainerError", message));
            return;
        }
        if (status.getCode() == Status.Code.FAILED_PRECONDITION
                && message.startsWith("failed to prepare subPath")) {
            unmakeable(plan, attempt, "CreateContainerConfigError", message);
            return;
        }
        if (status.getCode() == Status.Code.NOT_FOUND) {
            unmakeable(plan, attempt, "CreateContainerError", message);
            return;
        }
        event(EventType.Warning, "Failed", "Error: " + message, plan);
        Instant now = Instant.now();
        runtime.post(
                new PodInput.Ended(
                        plan.name(),
                        attempt,
                        new Termination(
                                request.getContainerId(),
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
