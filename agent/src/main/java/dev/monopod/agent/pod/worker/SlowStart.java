package dev.monopod.agent.pod.worker;

import dev.monopod.agent.pod.api.PodNodes;
import dev.monopod.agent.pod.scope.PodScope;
import dev.monopod.agent.pod.scope.PodView;
import java.time.Duration;

/// Keeps the Node of a pod whose machine is long in coming, since an image can't be pulled or the
/// host is busy: kube-controller-manager takes a Node of which nothing was heard for dead after its
/// `--node-startup-grace-period` of a minute, and evicts its pod, which a kubelet's waits as long
/// as it must.
final class SlowStart {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final PodView view;
    private final PodScope scope;
    private final PodNodes nodes;
    private volatile boolean up;

    SlowStart(PodView view, PodScope scope, PodNodes nodes) {
        this.view = view;
        this.scope = scope;
        this.nodes = nodes;
    }

    /// The pod is bound to the Node. Returns at once.
    void bound() {
        scope.run(
                "keeping the Node",
                () -> {
                    if (!scope.pause(PATIENCE) && !up) {
                        nodes.keep(view.machine());
                    }
                });
    }

    /// The Node is kept by others from now on.
    void ended() {
        up = true;
    }
}
