package dev.monopod.agent.pod.spec;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodSecurityContext;
import io.fabric8.kubernetes.api.model.SecurityContext;
import java.util.Optional;

/// `runAsNonRoot`, judged by numbers only and before the image's files are looked at, as a kubelet
/// does.
public final class NonRoot {
    private NonRoot() {}

    /// @param imageUser the image's `USER`
    /// @throws ConfigurationException when the container would, or might, run as root
    public static void check(Pod pod, Container container, String imageUser) {
        boolean wanted =
                SecuritySettings.pick(
                                pod,
                                container,
                                SecurityContext::getRunAsNonRoot,
                                PodSecurityContext::getRunAsNonRoot)
                        .orElse(false);
        if (!wanted) {
            return;
        }
        var chosen =
                SecuritySettings.pick(
                        pod,
                        container,
                        SecurityContext::getRunAsUser,
                        PodSecurityContext::getRunAsUser);
        if (chosen.isPresent()) {
            if (chosen.get() == 0) {
                throw refusal(pod, container, "container's runAsUser breaks non-root policy");
            }
            return;
        }
        var name = imageUser.split(":", 2)[0];
        var uid = name.isEmpty() ? Optional.of(0L) : number(name);
        if (uid.isEmpty()) {
            throw refusal(
                    pod,
                    container,
                    "container has runAsNonRoot and image has non-numeric user ("
                            + name
                            + "), cannot verify user is non-root");
        }
        if (uid.get() == 0) {
            throw refusal(pod, container, "container has runAsNonRoot and image will run as root");
        }
        if (uid.get() < 0 || uid.get() > Integer.MAX_VALUE) {
            throw refusal(
                    pod,
                    container,
                    "container has runAsNonRoot and image has an invalid user id (%d). (Must be 1-(%d)): must be between 0 and %d, inclusive"
                            .formatted(uid.get(), Integer.MAX_VALUE, Integer.MAX_VALUE));
        }
    }

    private static Optional<Long> number(String text) {
        try {
            return Optional.of(Long.parseLong(text));
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }

    private static ConfigurationException refusal(Pod pod, Container container, String why) {
        return new ConfigurationException(
                "%s (pod: \"%s\", container: %s)"
                        .formatted(why, PodPlan.of(pod).display(), container.getName()));
    }
}
