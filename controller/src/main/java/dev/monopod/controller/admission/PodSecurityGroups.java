package dev.monopod.controller.admission;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.monopod.kube.mapping.SecurityGroups;
import dev.monopod.model.names.Names;
import dev.monopod.model.profile.Profile;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Chooses the security groups of a new pod: those of the SecurityGroupPolicies that select it,
/// else the cluster security group of its VPC. What the user wrote in the annotation is replaced.
/// Source: row F8.
final class PodSecurityGroups {
    /// EC2's default quota of groups an interface; EKS' webhook does not hold it either.
    private static final int MOST_GROUPS = 5;

    private final ClusterReads reads;

    PodSecurityGroups(ClusterReads reads) {
        this.reads = reads;
    }

    /// @return what the user should know
    List<String> apply(ObjectNode pod, String namespace, Profile profile) {
        var annotations = (ObjectNode) pod.at("/metadata/annotations");
        annotations.remove(Names.SECURITY_GROUPS_ANNOTATION);
        var vpc = vpc(profile);
        var chosen = chosen(pod, namespace);
        var groups =
                chosen.isEmpty()
                        ? vpc.map(Names::clusterSecurityGroup).map(List::of).orElse(List.of())
                        : chosen;
        if (!groups.isEmpty()) {
            annotations.put(Names.SECURITY_GROUPS_ANNOTATION, String.join(",", groups));
        }
        return chosen.isEmpty() ? List.of() : warnings(chosen, vpc.orElse(""));
    }

    private List<String> chosen(ObjectNode pod, String namespace) {
        var policies = reads.securityGroupPolicies(namespace);
        if (policies.isEmpty()) {
            return List.of();
        }
        var account = pod.at("/spec/serviceAccountName").asText("default");
        Map<String, String> accountLabels =
                policies.stream().anyMatch(each -> each.getSpec().serviceAccountSelector() != null)
                        ? reads.serviceAccountLabels(namespace, account)
                        : Map.of();
        return SecurityGroups.chosen(
                policies, PodFacts.texts(pod.at("/metadata/labels")), accountLabels);
    }

    private Optional<String> vpc(Profile profile) {
        return profile.subnets().stream()
                .map(reads::subnet)
                .flatMap(Optional::stream)
                .map(subnet -> subnet.getSpec().vpc())
                .findFirst();
    }

    private List<String> warnings(List<String> chosen, String vpc) {
        var warnings = new ArrayList<String>();
        var known = reads.securityGroups();
        for (var name : chosen) {
            var group =
                    known.stream()
                            .filter(each -> each.getMetadata().getName().equals(name))
                            .findFirst();
            if (group.isEmpty()) {
                warnings.add(
                        "The security group '%s' does not exist; it allows nothing until it does"
                                .formatted(name));
            } else if (!group.get().getSpec().vpc().equals(vpc)) {
                warnings.add(
                        "The security group '%s' belongs to VPC %s, the pod to %s"
                                .formatted(name, group.get().getSpec().vpc(), vpc));
            }
        }
        if (chosen.size() > MOST_GROUPS) {
            warnings.add(
                    "%d security groups select the pod; EC2 allows %d on an interface"
                            .formatted(chosen.size(), MOST_GROUPS));
        }
        return warnings;
    }
}
