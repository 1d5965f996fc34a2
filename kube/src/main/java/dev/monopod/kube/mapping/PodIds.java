package dev.monopod.kube.mapping;

import dev.monopod.model.support.PodShape.Id;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EphemeralContainer;
import io.fabric8.kubernetes.api.model.PodSecurityContext;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.SecurityContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// The users and groups that a pod names, with where it does.
final class PodIds {
    private final List<Id> ids = new ArrayList<>();

    private PodIds() {}

    /// Those of the pod, then those of its init containers, containers and ephemeral containers.
    static List<Id> of(PodSpec spec) {
        var found = new PodIds();
        if (spec.getSecurityContext() != null) {
            found.addPod(spec.getSecurityContext());
        }
        found.addAll(
                "initContainers",
                contexts(spec.getInitContainers(), Container::getSecurityContext));
        found.addAll("containers", contexts(spec.getContainers(), Container::getSecurityContext));
        found.addAll(
                "ephemeralContainers",
                contexts(spec.getEphemeralContainers(), EphemeralContainer::getSecurityContext));
        return found.ids;
    }

    private void addPod(PodSecurityContext context) {
        var path = "spec.securityContext.";
        add(path + "runAsUser", context.getRunAsUser());
        add(path + "runAsGroup", context.getRunAsGroup());
        add(path + "fsGroup", context.getFsGroup());
        var groups = context.getSupplementalGroups();
        for (var index = 0; groups != null && index < groups.size(); index++) {
            add(path + "supplementalGroups[" + index + "]", groups.get(index));
        }
    }

    private void addAll(String field, List<SecurityContext> contexts) {
        for (var index = 0; index < contexts.size(); index++) {
            var path = "spec." + field + "[" + index + "].securityContext.";
            add(path + "runAsUser", contexts.get(index).getRunAsUser());
            add(path + "runAsGroup", contexts.get(index).getRunAsGroup());
        }
    }

    private void add(String path, @Nullable Long id) {
        if (id != null) {
            ids.add(new Id(path, id));
        }
    }

    /// One for each container, empty where it has none.
    private static <T> List<SecurityContext> contexts(
            @Nullable List<T> containers, Function<T, @Nullable SecurityContext> context) {
        return containers == null
                ? List.of()
                : containers.stream()
                        .map(each ->
                                Objects.requireNonNullElseGet(
                                        context.apply(each), SecurityContext::new))
                        .toList();
    }
}
