package dev.monopod.controller.network;

import dev.monopod.controller.ObjectProblems;
import dev.monopod.kube.api.PrefixList;
import dev.monopod.kube.api.SecurityGroup;
import dev.monopod.kube.mapping.NetworkPolicies;
import dev.monopod.kube.mapping.SecurityGroups;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/// Tells users, on the object itself, why the hosts let nothing through by a NetworkPolicy or a
/// security group. One caller at a time.
final class NetworkProblems {
    private final ObjectProblems problems;

    /// Versions of policies that were read already, by UID: there may be many, and few change.
    private Map<String, String> read = Map.of();

    NetworkProblems(ObjectProblems problems) {
        this.problems = problems;
    }

    void tell(
            Collection<NetworkPolicy> policies,
            Collection<SecurityGroup> groups,
            Collection<PrefixList> lists) {
        var now = new HashMap<String, String>();
        for (var policy : policies) {
            var meta = policy.getMetadata();
            var version = Objects.requireNonNullElse(meta.getResourceVersion(), "");
            now.put(meta.getUid(), version);
            if (!version.equals(read.get(meta.getUid()))) {
                tell(policy, NetworkPolicies.read(policy).problem());
            }
        }
        read = now;
        var byName =
                lists.stream()
                        .collect(
                                Collectors.toMap(
                                        list -> list.getMetadata().getName(), Function.identity()));
        groups.forEach(group -> tell(group, SecurityGroups.read(group, byName).problem()));
    }

    private void tell(HasMetadata object, Optional<String> problem) {
        problem.ifPresentOrElse(
                message -> problems.warning(object, "NotServed", message),
                () -> problems.forget(object));
    }
}
