package dev.monopod.controller.admission;

import dev.monopod.model.names.Defaults;
import io.fabric8.kubernetes.api.model.PodSpec;
import java.util.ArrayList;
import java.util.List;

/// What the author of a pod should know, though the pod runs. Pure.
final class PodAdvice {
    private PodAdvice() {}

    /// The Node of a pod has the pod's address, and its kubelet's port there (ADR 4).
    static List<String> of(PodSpec spec) {
        List<String> advice = new ArrayList<>();
        var containers = spec.getContainers();
        for (var index = 0; index < containers.size(); index++) {
            var ports = containers.get(index).getPorts();
            for (var port = 0; port < ports.size(); port++) {
                if (Integer.valueOf(Defaults.KUBELET_PORT)
                        .equals(ports.get(port).getContainerPort())) {
                    advice.add(
                            ("spec.containers[%d].ports[%d].containerPort: %d is the port of the pod's"
                                            + " own Node at the same address: the API server reaches the"
                                            + " Node there, not the pod, so a webhook or an aggregated API"
                                            + " on it does not work; let the program listen on another port")
                                    .formatted(index, port, Defaults.KUBELET_PORT));
                }
            }
        }
        return advice;
    }
}
