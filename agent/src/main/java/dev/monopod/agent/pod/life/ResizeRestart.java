package dev.monopod.agent.pod.life;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Whether a container has to be started anew for its new resources, as its `resizePolicy` says.
/// Pure.
final class ResizeRestart {
    private ResizeRestart() {}

    static boolean needed(
            Container container, ResourceRequirements before, ResourceRequirements after) {
        return container.getResizePolicy().stream()
                .filter(policy -> "RestartContainer".equals(policy.getRestartPolicy()))
                .anyMatch(policy -> differ(before, after, policy.getResourceName()));
    }

    private static boolean differ(
            ResourceRequirements before, ResourceRequirements after, String resource) {
        return !Objects.equals(
                        amount(before.getLimits(), resource), amount(after.getLimits(), resource))
                || !Objects.equals(
                        amount(before.getRequests(), resource),
                        amount(after.getRequests(), resource));
    }

    private static @Nullable Quantity amount(
            @Nullable Map<String, Quantity> amounts, String resource) {
        return amounts == null ? null : amounts.get(resource);
    }
}
