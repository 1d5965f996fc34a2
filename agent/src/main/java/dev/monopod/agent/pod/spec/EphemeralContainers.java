package dev.monopod.agent.pod.spec;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EphemeralContainer;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.List;
import java.util.Optional;

/// Reads a pod's ephemeral containers: all fields of a container, and a target.
final class EphemeralContainers {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String TARGET = "targetContainerName";

    private EphemeralContainers() {}

    static List<ContainerPlan> of(Pod pod) {
        var all = pod.getSpec().getEphemeralContainers();
        return all == null ? List.of() : all.stream().map(EphemeralContainers::plan).toList();
    }

    private static ContainerPlan plan(EphemeralContainer container) {
        ObjectNode fields = JSON.valueToTree(container);
        fields.remove(TARGET);
        return new ContainerPlan(
                ContainerPlan.Kind.EPHEMERAL,
                JSON.convertValue(fields, Container.class),
                Optional.ofNullable(container.getTargetContainerName())
                        .filter(name -> !name.isEmpty()));
    }
}
