package dev.monopod.agent.pod.worker;

import dev.monopod.agent.pod.scope.PodScope;
import dev.monopod.agent.pod.scope.PodView;
import dev.monopod.host.network.HostNetwork;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Waits until the pod's kubelet answers, since who sees a pod run may ask for its log in the next
/// moment. It is opened beside the pod's start, and usually long ago; a pod whose kubelet can't be
/// opened runs without.
final class KubeletDoor {
    private static final Logger LOG = LoggerFactory.getLogger(KubeletDoor.class);
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final Duration LOOK = Duration.ofMillis(20);

    private final PodView view;
    private final PodScope scope;
    private final HostNetwork network;

    KubeletDoor(PodView view, PodScope scope, HostNetwork network) {
        this.view = view;
        this.scope = scope;
        this.network = network;
    }

    void await() throws InterruptedException {
        var at = view.machine().getSpec().network();
        var looks = PATIENCE.dividedBy(LOOK);
        for (var look = 0L; !network.servesKubelet(at.vpc(), at.address()); look++) {
            if (look == looks) {
                LOG.warn("{}: nobody answers at its kubelet's port yet", view.plan().display());
                return;
            }
            if (scope.pause(LOOK)) {
                return;
            }
        }
    }
}
