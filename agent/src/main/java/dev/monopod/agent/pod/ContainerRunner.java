package dev.monopod.agent.pod;

import dev.monopod.agent.pod.PodApi.EventType;
import dev.monopod.protocol.guest.ProbeResponse;
import dev.monopod.protocol.guest.RemoveContainerRequest;
import dev.monopod.protocol.guest.SignalContainerRequest;
import dev.monopod.protocol.guest.StartContainerRequest;
import dev.monopod.protocol.guest.StartContainerResponse;
import io.fabric8.kubernetes.api.model.LifecycleHandler;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// Starts and stops single attempts of containers: request, hooks, signals. Each call runs on a
/// thread of its own.
final class ContainerRunner {
    private static final Duration START = Duration.ofSeconds(120);
    private static final Duration CALL = Duration.ofSeconds(10);
    private static final Duration HOOK = Duration.ofMinutes(10);
    private static final Duration AFTER_HOOK = Duration.ofSeconds(2);
    private static final int START_ERROR = 128;

    private final PodRuntime runtime;
    private final ContainerLogs logs;
    private final ProbeRunner probes;
    private final Map<String, CountDownLatch> ends = new ConcurrentHashMap<>();

    ContainerRunner(PodRuntime runtime, ContainerLogs logs, ProbeRunner probes) {
        this.runtime = runtime;
        this.logs = logs;
        this.probes = probes;
    }

    void start(ContainerPlan plan, int attempt) throws InterruptedException {
        StartContainerRequest request;
        try {
            request =
                    new ContainerRequest(
                                    runtime.pod(),
                                    new Environment(runtime.services().source(), runtime.fields()),
                                    runtime.memoryBytes())
                            .render(
                                    plan,
                                    attempt,
                                    runtime.image(plan.name()).config(),
                                    runtime.slot(plan.name()));
        } catch (RuntimeException e) {
            String message = String.valueOf(e.getMessage());
            event(EventType.Warning, "Failed", "Error: " + message, plan);
            runtime.post(
                    new PodInput.ConfigurationTrouble(
                            plan.name(), attempt, "CreateContainerConfigError", message));
            return;
        }
        Instant startedAt;
        try {
            event(EventType.Normal, "Created", "Container created", plan);
            StartContainerResponse response =
                    runtime.guest().blocking(START).startContainer(request);
            startedAt = GuestWatch.instant(response.getStartedUnixNanos());
        } catch (StatusRuntimeException e) {
            if (e.getStatus().getCode() != Status.Code.ALREADY_EXISTS) {
                failed(plan, attempt, request, e.getStatus());
                return;
            }
            startedAt = Instant.now();
        }
        event(EventType.Normal, "Started", "Container started", plan);
        logs.copy(plan.name(), attempt);
        runtime.post(new PodInput.Started(plan.name(), attempt, startedAt));
        forgetEarlier(plan, attempt);
        if (postStart(plan, attempt, request.getContainerId())) {
            probes.start(plan, attempt, startedAt);
        }
    }

    /// Tells that an attempt is over.
    void ended(String container, int attempt) {
        probes.stop(container, attempt);
        end(container, attempt).countDown();
    }

    void stop(ContainerPlan plan, int attempt, Duration grace, String message)
            throws InterruptedException {
        event(EventType.Normal, "Killing", message, plan);
        probes.stop(plan.name(), attempt);
        String id = ContainerIds.of(runtime.plan().uid(), plan.name(), attempt);
        Instant deadline = Instant.now().plus(grace);
        if (grace.isPositive()) {
            preStop(plan, id, grace);
            int signal =
                    Signals.parse(
                            Optional.ofNullable(runtime.images().get(plan.name()))
                                    .flatMap(image -> image.config().stopSignal()));
            if (plan.spec().getLifecycle() != null
                    && plan.spec().getLifecycle().getStopSignal() != null) {
                signal = Signals.parse(Optional.of(plan.spec().getLifecycle().getStopSignal()));
            }
            signal(id, signal, false);
            Duration left = Duration.between(Instant.now(), deadline);
            Duration wait = left.compareTo(AFTER_HOOK) < 0 ? AFTER_HOOK : left;
            if (await(plan.name(), attempt, wait)) {
                return;
            }
        }
        while (!runtime.closed()) {
            signal(id, Signals.KILL, true);
            if (await(plan.name(), attempt, CALL)) {
                return;
            }
        }
    }

    private void failed(
            ContainerPlan plan, int attempt, StartContainerRequest request, Status status) {
        if (runtime.closed()) {
            return;
        }
        String message = Optional.ofNullable(status.getDescription()).orElse(status.toString());
        if (status.getCode() == Status.Code.UNAVAILABLE
                || status.getCode() == Status.Code.DEADLINE_EXCEEDED) {
            runtime.post(
                    new PodInput.ConfigurationTrouble(
                            plan.name(), attempt, "RunContainerError", message));
            return;
        }
        if (status.getCode() == Status.Code.FAILED_PRECONDITION
                && message.startsWith("failed to prepare subPath")) {
            event(EventType.Warning, "Failed", "Error: " + message, plan);
            runtime.post(
                    new PodInput.ConfigurationTrouble(
                            plan.name(), attempt, "CreateContainerConfigError", message));
            return;
        }
        if (status.getCode() == Status.Code.FAILED_PRECONDITION
                && request.getUser().getMustRunAsNonRoot()) {
            String refusal = "container has runAsNonRoot and image will run as root";
            event(EventType.Warning, "Failed", "Error: " + refusal, plan);
            runtime.post(
                    new PodInput.ConfigurationTrouble(
                            plan.name(), attempt, "CreateContainerConfigError", refusal));
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

    private void forgetEarlier(ContainerPlan plan, int attempt) {
        if (attempt == 0) {
            return;
        }
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

    private boolean postStart(ContainerPlan plan, int attempt, String id)
            throws InterruptedException {
        var lifecycle = plan.spec().getLifecycle();
        if (lifecycle == null || lifecycle.getPostStart() == null) {
            return true;
        }
        Optional<String> failure = hook(plan, id, lifecycle.getPostStart(), HOOK);
        if (failure.isEmpty()) {
            return true;
        }
        event(
                EventType.Warning,
                "FailedPostStartHook",
                "PostStartHook failed: " + failure.get(),
                plan);
        runtime.post(
                new PodInput.Condemned(
                        plan.name(), attempt, "FailedPostStartHook", Optional.empty()));
        return false;
    }

    private void preStop(ContainerPlan plan, String id, Duration grace)
            throws InterruptedException {
        var lifecycle = plan.spec().getLifecycle();
        if (lifecycle == null || lifecycle.getPreStop() == null) {
            return;
        }
        hook(plan, id, lifecycle.getPreStop(), grace)
                .ifPresent(failure ->
                        event(
                                EventType.Warning,
                                "FailedPreStopHook",
                                "PreStopHook failed: " + failure,
                                plan));
    }

    /// Runs a hook; returns why it failed, if it did.
    private Optional<String> hook(
            ContainerPlan plan, String id, LifecycleHandler handler, Duration timeout)
            throws InterruptedException {
        ProbeRequests requests =
                new ProbeRequests(plan.spec(), id, runtime.machine().getSpec().network().address());
        try {
            if (handler.getSleep() != null) {
                Duration wanted = Duration.ofSeconds(handler.getSleep().getSeconds());
                Duration pause = wanted.compareTo(timeout) > 0 ? timeout : wanted;
                end(plan.name(), -1).await(pause.toMillis(), TimeUnit.MILLISECONDS);
                return Optional.empty();
            }
            ProbeResponse response;
            if (handler.getExec() != null) {
                response =
                        runtime.guest()
                                .blocking(timeout.plus(CALL))
                                .probe(requests.hook(handler.getExec(), timeout));
            } else if (handler.getHttpGet() != null) {
                response =
                        runtime.guest()
                                .blocking(timeout.plus(CALL))
                                .probe(requests.hook(handler.getHttpGet(), timeout));
            } else {
                return Optional.of("unsupported handler");
            }
            return response.getOutcome() == ProbeResponse.Outcome.SUCCESS
                    ? Optional.empty()
                    : Optional.of(response.getMessage());
        } catch (StatusRuntimeException | ConfigurationException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
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

    private CountDownLatch end(String container, int attempt) {
        return ends.computeIfAbsent(container + "/" + attempt, _ -> new CountDownLatch(1));
    }

    private boolean await(String container, int attempt, Duration patience)
            throws InterruptedException {
        return end(container, attempt).await(patience.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void event(EventType type, String reason, String message, ContainerPlan plan) {
        runtime.event(type, reason, message, plan.fieldPath());
    }
}
