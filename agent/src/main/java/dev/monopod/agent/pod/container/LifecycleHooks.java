package dev.monopod.agent.pod.container;

import dev.monopod.agent.pod.scope.MachineHandle;
import dev.monopod.agent.pod.scope.PodReports;
import dev.monopod.agent.pod.scope.PodView;
import dev.monopod.agent.pod.spec.ConfigurationException;
import dev.monopod.agent.pod.spec.ContainerPlan;
import dev.monopod.kube.client.EventType;
import dev.monopod.protocol.guest.ProbeFailure;
import dev.monopod.protocol.guest.ProbeRequest;
import io.fabric8.kubernetes.api.model.HTTPGetAction;
import io.fabric8.kubernetes.api.model.HTTPGetActionBuilder;
import io.fabric8.kubernetes.api.model.Lifecycle;
import io.fabric8.kubernetes.api.model.LifecycleHandler;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.Optional;

/// Runs the `postStart` and `preStop` hooks of one pod's containers. A failure is told without its
/// output, which may hold secrets. Calls block; each runs on a thread of the caller.
public final class LifecycleHooks {
    private static final Duration POST_START = Duration.ofMinutes(10);
    private static final Duration CALL = Duration.ofSeconds(10);

    private final PodView view;
    private final PodReports reports;
    private final MachineHandle machine;

    public LifecycleHooks(PodView view, PodReports reports, MachineHandle machine) {
        this.view = view;
        this.reports = reports;
        this.machine = machine;
    }

    /// @return whether the container may go on
    boolean postStart(ContainerPlan plan, String id, Stopping stopping)
            throws InterruptedException {
        var handler = Optional.ofNullable(plan.spec().getLifecycle()).map(Lifecycle::getPostStart);
        if (handler.isEmpty() || succeeds(plan, id, handler.get(), POST_START, stopping)) {
            return true;
        }
        failed(plan, "FailedPostStartHook", "PostStartHook failed");
        return false;
    }

    void preStop(ContainerPlan plan, String id, Stopping stopping) throws InterruptedException {
        var handler = Optional.ofNullable(plan.spec().getLifecycle()).map(Lifecycle::getPreStop);
        if (handler.isPresent() && !succeeds(plan, id, handler.get(), stopping.left(), stopping)) {
            failed(plan, "FailedPreStopHook", "PreStopHook failed");
        }
    }

    private boolean succeeds(
            ContainerPlan plan,
            String id,
            LifecycleHandler handler,
            Duration timeout,
            Stopping stopping)
            throws InterruptedException {
        var requests = new ProbeRequests(plan.spec(), id, view.address());
        try {
            if (handler.getSleep() != null) {
                stopping.awaitEndFor(Duration.ofSeconds(handler.getSleep().getSeconds()));
                return true;
            }
            if (handler.getExec() != null) {
                return succeeded(ask(requests.hook(handler.getExec(), timeout), timeout));
            }
            return handler.getHttpGet() != null && get(requests, handler.getHttpGet(), timeout);
        } catch (StatusRuntimeException | ConfigurationException e) {
            return false;
        }
    }

    /// A server that speaks no TLS is asked again without, as by a kubelet.
    private boolean get(ProbeRequests requests, HTTPGetAction action, Duration timeout) {
        var request = requests.hook(action, timeout);
        var outcome = ask(request, timeout);
        if (!(outcome instanceof ProbeOutcome.Failure(ProbeFailure.Kind kind, _))
                || kind != ProbeFailure.Kind.PLAIN_TEXT) {
            return succeeded(outcome);
        }
        var plain = new HTTPGetActionBuilder(action).withScheme("HTTP").build();
        plain.getHttpHeaders().removeIf(h -> h.getName().equalsIgnoreCase("authorization"));
        var success = succeeded(ask(requests.hook(plain, timeout), timeout));
        if (success) {
            reports.event(
                    EventType.WARNING,
                    "LifecycleHTTPFallback",
                    "request to HTTPS lifecycle hook %s:%d got HTTP response, retry with HTTP succeeded"
                            .formatted(request.getHttp().getHost(), request.getHttp().getPort()));
        }
        return success;
    }

    private ProbeOutcome ask(ProbeRequest request, Duration timeout) {
        return ProbeOutcome.of(machine.guest().blocking(timeout.plus(CALL)).probe(request));
    }

    private static boolean succeeded(ProbeOutcome outcome) {
        return switch (outcome) {
            case ProbeOutcome.Success _, ProbeOutcome.Warning _ -> true;
            case ProbeOutcome.Failure _, ProbeOutcome.Unknown _ -> false;
        };
    }

    private void failed(ContainerPlan plan, String reason, String message) {
        reports.event(EventType.WARNING, reason, message, plan.fieldPath());
    }
}
