package dev.monopod.agent.pod.worker;

import dev.monopod.agent.pod.api.PodApi;
import dev.monopod.agent.pod.life.PodInput;
import dev.monopod.agent.pod.scope.PodReports;
import dev.monopod.agent.pod.scope.PodScope;
import dev.monopod.agent.pod.scope.PodView;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;

/// Waits until the pod is bound to its Node, and claims it then. Blocks its thread; an API server
/// that refuses is asked again for as long as the pod lives.
record PodBinding(PodView view, PodScope scope, PodReports reports, PodApi api) {
    private static final Duration POLL = Duration.ofMillis(500);

    void await() throws InterruptedException {
        while (!bound()) {
            if (scope.pause(POLL)) {
                return;
            }
        }
    }

    /// Returns whether there is nothing left to wait for.
    private boolean bound() {
        try {
            return look();
        } catch (RuntimeException e) {
            return scope.closed();
        }
    }

    private boolean look() {
        if (unbound(view.pod())) {
            var now = api.pod(view.plan().namespace(), view.plan().name(), view.plan().uid());
            if (now.isEmpty()) {
                reports.post(new PodInput.Deletion(Duration.ZERO));
                return true;
            }
            view.seen(now.get());
            if (unbound(now.get())) {
                return false;
            }
        }
        if (!view.isBoundHere(view.pod())) {
            // Nothing of it is this machine's any more.
            reports.post(new PodInput.ObjectGone());
            return true;
        }
        api.claimPod(view.pod(), view.machineName());
        reports.post(new PodInput.Bound());
        return true;
    }

    private static boolean unbound(Pod pod) {
        return pod.getSpec().getNodeName() == null || pod.getSpec().getNodeName().isEmpty();
    }
}
