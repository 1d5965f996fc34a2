package dev.monopod.agent.pod;

import dev.monopod.protocol.guest.ProbeRequest;
import dev.monopod.protocol.guest.ProbeResponse;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Probe;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Probes one pod's containers, one thread per probe: startup first, then readiness and liveness.
/// The thresholds are kept here; only verdicts are posted.
final class ProbeRunner {
    private enum Kind {
        Startup,
        Readiness,
        Liveness
    }

    private final PodRuntime runtime;
    private final Map<String, CountDownLatch> stops = new ConcurrentHashMap<>();

    ProbeRunner(PodRuntime runtime) {
        this.runtime = runtime;
    }

    /// Begins probing an attempt that runs since `startedAt`; a second call does nothing.
    void start(ContainerPlan plan, int attempt, Instant startedAt) {
        String id = ContainerIds.of(runtime.plan().uid(), plan.name(), attempt);
        CountDownLatch stop = new CountDownLatch(1);
        if (stops.putIfAbsent(id, stop) != null) {
            return;
        }
        Attempt probed = new Attempt(plan, attempt, id, startedAt, stop);
        if (plan.kind() == ContainerPlan.Kind.INIT) {
            return;
        }
        runtime.run("probes of " + plan.name(), () -> begin(probed));
    }

    /// Ends probing an attempt.
    void stop(String container, int attempt) {
        CountDownLatch stop = stops.get(ContainerIds.of(runtime.plan().uid(), container, attempt));
        if (stop != null) {
            stop.countDown();
        }
    }

    private record Attempt(
            ContainerPlan plan, int number, String id, Instant startedAt, CountDownLatch stop) {
        String name() {
            return plan.name();
        }
    }

    private void begin(Attempt attempt) throws InterruptedException {
        Container spec = attempt.plan().spec();
        if (spec.getStartupProbe() != null
                && !probe(attempt, Kind.Startup, spec.getStartupProbe())) {
            return;
        }
        runtime.post(new PodInput.StartupDone(attempt.name(), attempt.number()));
        if (spec.getReadinessProbe() == null) {
            runtime.post(new PodInput.Ready(attempt.name(), attempt.number(), true));
        } else {
            runtime.run(
                    "readiness of " + attempt.name(),
                    () -> probe(attempt, Kind.Readiness, spec.getReadinessProbe()));
        }
        if (spec.getLivenessProbe() != null) {
            probe(attempt, Kind.Liveness, spec.getLivenessProbe());
        }
    }

    /// Probes until the attempt ends; a startup probe until it succeeded.
    ///
    /// @return whether the startup probe succeeded
    private boolean probe(Attempt attempt, Kind kind, Probe probe) throws InterruptedException {
        Duration initial = Duration.ofSeconds(or(probe.getInitialDelaySeconds(), 0));
        Duration period = Duration.ofSeconds(Math.max(1, or(probe.getPeriodSeconds(), 10)));
        ProbeCounter counter =
                ProbeCounter.of(
                        Math.max(1, or(probe.getSuccessThreshold(), 1)),
                        Math.max(1, or(probe.getFailureThreshold(), 3)));
        Optional<Duration> grace =
                Optional.ofNullable(probe.getTerminationGracePeriodSeconds())
                        .map(Duration::ofSeconds);
        Duration wait = Duration.between(Instant.now(), attempt.startedAt().plus(initial));
        while (!ended(attempt, wait)) {
            long begun = System.nanoTime();
            Optional<ProbeResponse> response = ask(attempt, probe);
            runtime.probes()
                    .count(
                            attempt.name(),
                            kind.name(),
                            response,
                            Duration.ofNanos(System.nanoTime() - begun));
            if (response.isPresent()) {
                boolean success = response.get().getOutcome() == ProbeResponse.Outcome.SUCCESS;
                if (!success && !ended(attempt, Duration.ZERO)) {
                    unhealthy(attempt, kind, response.get().getMessage());
                }
                ProbeCounter.Counted counted = counter.count(success);
                counter = counted.counter();
                if (counted.verdict().isPresent()
                        && judged(attempt, kind, counted.verdict().get(), grace)) {
                    return success;
                }
            }
            wait = period.minus(Duration.ofNanos(System.nanoTime() - begun));
        }
        return false;
    }

    /// Returns whether this probe's work is over.
    private boolean judged(Attempt attempt, Kind kind, boolean success, Optional<Duration> grace) {
        return switch (kind) {
            case Readiness -> {
                runtime.post(new PodInput.Ready(attempt.name(), attempt.number(), success));
                yield false;
            }
            case Startup, Liveness -> {
                if (!success) {
                    runtime.post(
                            new PodInput.Condemned(
                                    attempt.name(),
                                    attempt.number(),
                                    "Container %s failed %s probe, will be restarted"
                                            .formatted(
                                                    attempt.name(),
                                                    kind == Kind.Startup ? "startup" : "liveness"),
                                    grace));
                    yield true;
                }
                yield kind == Kind.Startup;
            }
        };
    }

    /// Empty: the outcome is unknown and counts for nothing.
    private Optional<ProbeResponse> ask(Attempt attempt, Probe probe) {
        try {
            ProbeRequest request =
                    new ProbeRequests(
                                    attempt.plan().spec(),
                                    attempt.id(),
                                    runtime.machine().getSpec().network().address())
                            .of(probe);
            ProbeResponse response =
                    runtime.guest()
                            .blocking(Duration.ofMillis(request.getTimeoutMillis() + 10_000))
                            .probe(request);
            return response.getOutcome() == ProbeResponse.Outcome.UNKNOWN
                    ? Optional.empty()
                    : Optional.of(response);
        } catch (StatusRuntimeException e) {
            return Optional.empty();
        } catch (ConfigurationException e) {
            return Optional.of(
                    ProbeResponse.newBuilder()
                            .setOutcome(ProbeResponse.Outcome.FAILURE)
                            .setMessage(String.valueOf(e.getMessage()))
                            .build());
        }
    }

    private void unhealthy(Attempt attempt, Kind kind, String message) {
        runtime.event(
                PodApi.EventType.Warning,
                "Unhealthy",
                "%s probe failed: %s".formatted(kind, message),
                attempt.plan().fieldPath());
    }

    private boolean ended(Attempt attempt, Duration wait) throws InterruptedException {
        return runtime.closed()
                || attempt.stop().await(Math.max(0, wait.toMillis()), TimeUnit.MILLISECONDS);
    }

    private static int or(@Nullable Integer value, int otherwise) {
        return value == null ? otherwise : value;
    }
}
