package dev.monopod.agent.pod.spec;

import dev.monopod.kube.mapping.PodShapes;
import dev.monopod.model.support.PodShape.ClaimState;
import dev.monopod.model.support.Refusals;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.PodSpecBuilder;
import java.util.Optional;

/// What Fargate excludes, by the list that admission and the scheduler have too: the host starts
/// nothing of it, whichever of them a pod came past. Of claims the scheduler judges, which knows
/// them all.
public final class Unsupported {
    private Unsupported() {}

    /// Why the pod is rejected, in EKS' words.
    public static Optional<String> of(Pod pod) {
        return of(new PodSpecBuilder(pod.getSpec()).withEphemeralContainers().build());
    }

    /// An ephemeral container comes when its pod was judged long ago.
    ///
    /// @throws ConfigurationException when it asks for what Fargate excludes
    public static void check(Pod pod, ContainerPlan plan) {
        if (plan.kind() != ContainerPlan.Kind.EPHEMERAL) {
            return;
        }
        var alone = new PodSpec();
        alone.setEphemeralContainers(
                pod.getSpec().getEphemeralContainers().stream()
                        .filter(container -> plan.name().equals(container.getName()))
                        .toList());
        of(alone)
                .ifPresent(message -> {
                    throw new ConfigurationException(message);
                });
    }

    private static Optional<String> of(PodSpec spec) {
        var refusals = Refusals.check(PodShapes.of(spec, _ -> new ClaimState.Unknown()));
        return refusals.isEmpty() ? Optional.empty() : Optional.of(Refusals.eksMessage(refusals));
    }
}
