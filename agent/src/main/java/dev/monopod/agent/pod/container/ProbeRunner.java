package dev.monopod.agent.pod.container;

import dev.monopod.agent.pod.life.ContainerRecord;
import dev.monopod.agent.pod.life.PodInput;
import dev.monopod.agent.pod.life.RestartDecision;
import dev.monopod.agent.pod.scope.MachineHandle;
import dev.monopod.agent.pod.scope.PodReports;
import dev.monopod.agent.pod.scope.PodScope;
import dev.monopod.agent.pod.scope.PodView;
import dev.monopod.agent.pod.spec.ConfigurationException;
import dev.monopod.agent.pod.spec.ContainerIds;
import dev.monopod.agent.pod.spec.ContainerPlan;
import dev.monopod.kube.client.EventType;
import dev.monopod.model.loop.Loop;
import io.fabric8.kubernetes.api.model.Probe;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// Probes one pod's containers, one thread per probe: startup first, then readiness and liveness.
/// The thresholds are kept here; only verdicts are posted. Unlike a kubelet, whose probes run on
/// ticks that began with the pod, the first one is made as soon as the initial delay is over.
public final class ProbeRunner {
    private enum Kind {
        Startup,
        Readiness,
        Liveness
    }

    private static final int TRIES = 3;
    private static final Duration LONGEST_RETRY = Duration.ofMinutes(1);

    private final PodView view;
    private final PodScope scope;
    private final PodReports reports;
    private final MachineHandle machine;
    private final RandomGenerator random;
    private final Map<String, Attempt> attempts = new ConcurrentHashMap<>();
    private final ProbeTally tally = new ProbeTally();

    public ProbeRunner(
            PodView view,
            PodScope scope,
            PodReports reports,
            MachineHandle machine,
            RandomGenerator random) {
        this.view = view;
        this.scope = scope;
        this.reports = reports;
        this.machine = machine;
        this.random = random;
    }

    /// Counts of the results of this pod's probes.
    public ProbeTally tally() {
        return tally;
    }

    /// Begins probing an attempt; a second call does nothing.
    ///
    /// @param since when it began, by the steady clock
    void start(ContainerPlan plan, int attempt, Instant since) {
        begin(plan, attempt, since, Life.FRESH);
    }

    /// Goes on with an attempt that an earlier life of the agent probed: what had started is not
    /// asked for its startup again, and what was ready stays so until a probe says otherwise. The
    /// first probes come at random moments, lest all of a host come at once.
    ///
    /// @param startedAt by the guest's clock, which tells how long it runs, if that makes sense
    public void resume(ContainerRecord container, Instant startedAt) {
        var now = scope.clocks().now();
        var age = Duration.between(startedAt, now.wall());
        begin(
                container.plan(),
                container.attempt(),
                age.isNegative() ? now.steady() : now.steady().minus(age),
                container.started() ? Life.STARTED : Life.KNOWN);
    }

    private void begin(ContainerPlan plan, int attempt, Instant since, Life life) {
        var id = ContainerIds.of(view.plan().uid(), plan.name(), attempt);
        var probed =
                new Attempt(
                        plan,
                        attempt,
                        id,
                        since,
                        life,
                        new CountDownLatch(1),
                        new CountDownLatch(1));
        if (attempts.putIfAbsent(id, probed) == null && plan.kind() != ContainerPlan.Kind.INIT) {
            scope.follow("probes of " + plan.name(), LONGEST_RETRY, signs -> begin(probed, signs));
        }
    }

    /// The attempt is being stopped: whether it lives is not asked any more, whether it is ready
    /// still is.
    void stopJudging(String container, int attempt) {
        known(container, attempt).ifPresent(each -> each.judged().countDown());
    }

    /// Ends probing an attempt.
    void stop(String container, int attempt) {
        known(container, attempt)
                .ifPresent(each -> {
                    each.judged().countDown();
                    each.over().countDown();
                });
    }

    private Optional<Attempt> known(String container, int attempt) {
        return Optional.ofNullable(
                attempts.get(ContainerIds.of(view.plan().uid(), container, attempt)));
    }

    private enum Life {
        FRESH,
        KNOWN,
        STARTED
    }

    private record Attempt(
            ContainerPlan plan,
            int number,
            String id,
            Instant since,
            Life life,
            CountDownLatch judged,
            CountDownLatch over) {
        String name() {
            return plan.name();
        }

        CountDownLatch end(Kind kind) {
            return switch (kind) {
                case Readiness -> over;
                case Startup, Liveness -> judged;
            };
        }
    }

    private void begin(Attempt attempt, Loop.Signs signs) throws InterruptedException {
        var spec = attempt.plan().spec();
        if (attempt.life() != Life.STARTED
                && spec.getStartupProbe() != null
                && !probe(attempt, Kind.Startup, spec.getStartupProbe(), signs)) {
            return;
        }
        reports.post(new PodInput.StartupDone(attempt.name(), attempt.number()));
        if (spec.getReadinessProbe() == null) {
            reports.post(new PodInput.Ready(attempt.name(), attempt.number(), true));
        } else {
            follow(attempt, Kind.Readiness, spec.getReadinessProbe());
        }
        if (spec.getLivenessProbe() != null) {
            follow(attempt, Kind.Liveness, spec.getLivenessProbe());
        }
    }

    private void follow(Attempt attempt, Kind kind, Probe probe) {
        scope.follow(
                kind + " of " + attempt.name(),
                LONGEST_RETRY,
                signs -> probe(attempt, kind, probe, signs));
    }

    /// Probes until the attempt ends; a startup probe until it succeeded.
    ///
    /// @return whether the startup probe succeeded
    private boolean probe(Attempt attempt, Kind kind, Probe probe, Loop.Signs signs)
            throws InterruptedException {
        var initial = Duration.ofSeconds(or(probe.getInitialDelaySeconds(), 0));
        var period = Duration.ofSeconds(Math.max(1, or(probe.getPeriodSeconds(), 10)));
        var counter =
                ProbeCounter.of(
                        Math.max(1, or(probe.getSuccessThreshold(), 1)),
                        Math.max(1, or(probe.getFailureThreshold(), 3)));
        var grace =
                Optional.ofNullable(probe.getTerminationGracePeriodSeconds())
                        .map(Duration::ofSeconds);
        var wait = Duration.between(scope.steady(), attempt.since().plus(initial));
        if (attempt.life() != Life.FRESH) {
            var jitter = period.multipliedBy(random.nextInt(100)).dividedBy(100);
            wait = wait.compareTo(jitter) > 0 ? wait : jitter;
        }
        while (!ended(attempt, kind, wait, signs)) {
            var begun = System.nanoTime();
            var outcome = ask(attempt, probe);
            tally.count(
                    attempt.name(),
                    kind.name(),
                    outcome,
                    Duration.ofNanos(System.nanoTime() - begun));
            tell(attempt, kind, outcome);
            if (!(outcome instanceof ProbeOutcome.Unknown)) {
                var success = !(outcome instanceof ProbeOutcome.Failure);
                var counted = counter.count(success);
                counter = counted.counter();
                if (counted.verdict().isPresent()
                        && judged(attempt, kind, counted.verdict().get(), grace)) {
                    return success;
                }
            }
            wait = period.minus(Duration.ofNanos(System.nanoTime() - begun));
            signs.succeeds();
        }
        return false;
    }

    /// Returns whether this probe's work is over.
    private boolean judged(Attempt attempt, Kind kind, boolean success, Optional<Duration> grace) {
        return switch (kind) {
            case Readiness -> {
                reports.post(new PodInput.Ready(attempt.name(), attempt.number(), success));
                yield false;
            }
            case Startup, Liveness -> {
                if (!success) {
                    reports.post(
                            new PodInput.Condemned(
                                    attempt.name(),
                                    attempt.number(),
                                    RestartDecision.killing(
                                            attempt.plan(),
                                            view.plan().restartPolicy(),
                                            "failed %s probe"
                                                    .formatted(
                                                            kind == Kind.Startup
                                                                    ? "startup"
                                                                    : "liveness")),
                                    grace));
                    yield true;
                }
                yield kind == Kind.Startup;
            }
        };
    }

    /// An unknown outcome is asked for again at once, and then counts for nothing.
    private ProbeOutcome ask(Attempt attempt, Probe probe) {
        var outcome = askOnce(attempt, probe);
        for (var i = 1; i < TRIES && outcome instanceof ProbeOutcome.Unknown; i++) {
            outcome = askOnce(attempt, probe);
        }
        return outcome;
    }

    private ProbeOutcome askOnce(Attempt attempt, Probe probe) {
        try {
            var request =
                    new ProbeRequests(attempt.plan().spec(), attempt.id(), view.address())
                            .of(probe);
            return ProbeOutcome.of(
                    machine.guest()
                            .blocking(Duration.ofMillis(request.getTimeoutMillis() + 10_000))
                            .probe(request));
        } catch (StatusRuntimeException e) {
            // The container is gone, or the channel broke: nothing about it is known.
            return new ProbeOutcome.Unknown("");
        } catch (ConfigurationException e) {
            return new ProbeOutcome.Unknown(String.valueOf(e.getMessage()));
        }
    }

    private void tell(Attempt attempt, Kind kind, ProbeOutcome outcome)
            throws InterruptedException {
        switch (outcome) {
            case ProbeOutcome.Success _ -> {}
            case ProbeOutcome.Warning(String message) ->
                    tell(attempt, kind, "ProbeWarning", "probe warning: " + message);
            case ProbeOutcome.Failure(_, String message) ->
                    tell(attempt, kind, "Unhealthy", "probe failed: " + message);
            case ProbeOutcome.Unknown(String message) when message.isEmpty() -> {}
            case ProbeOutcome.Unknown(String message) ->
                    tell(
                            attempt,
                            kind,
                            "Unhealthy",
                            "probe errored and resulted in unknown state: " + message);
        }
    }

    private void tell(Attempt attempt, Kind kind, String reason, String what)
            throws InterruptedException {
        if (!ended(attempt, kind, Duration.ZERO)) {
            reports.event(EventType.WARNING, reason, kind + " " + what, attempt.plan().fieldPath());
        }
    }

    private boolean ended(Attempt attempt, Kind kind, Duration wait, Loop.Signs signs)
            throws InterruptedException {
        signs.waits();
        var ended = ended(attempt, kind, wait);
        signs.works();
        return ended;
    }

    private boolean ended(Attempt attempt, Kind kind, Duration wait) throws InterruptedException {
        return scope.closed()
                || attempt.end(kind).await(Math.max(0, wait.toMillis()), TimeUnit.MILLISECONDS);
    }

    private static int or(@Nullable Integer value, int otherwise) {
        return value == null ? otherwise : value;
    }
}
