package dev.monopod.controller.scheduling;

import dev.monopod.controller.admission.IamRole;
import dev.monopod.kube.api.MachineSpec;
import dev.monopod.kube.api.SecurityGroupPolicy;
import dev.monopod.kube.mapping.SecurityGroups;
import dev.monopod.model.names.Names;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What of a pod's namespace decides what the pod gets, as the API server itself has it at that
/// moment.
///
/// @param policies all of the namespace
/// @param accountLabels of the pod's service account
/// @param accountAnnotations of the pod's service account
record Surroundings(
        List<SecurityGroupPolicy> policies,
        Map<String, String> accountLabels,
        Map<String, String> accountAnnotations) {
    static final Surroundings EMPTY = new Surroundings(List.of(), Map.of(), Map.of());

    /// Those of the policies that select the pod, else the cluster security group of its VPC. The
    /// profile's label counts as if it stood on the pod already. Row F8.
    List<String> securityGroups(Pod pod, MachineSpec machine) {
        var labels = new HashMap<String, String>();
        Optional.ofNullable(pod.getMetadata().getLabels()).ifPresent(labels::putAll);
        labels.put(Names.PROFILE_LABEL, machine.profile());
        var chosen = SecurityGroups.chosen(policies, labels, accountLabels);
        return chosen.isEmpty()
                ? List.of(Names.clusterSecurityGroup(machine.network().vpc()))
                : chosen;
    }

    /// Why the pod has to be made anew: it lacks what a new one is given and this one can't be.
    Optional<String> lacking(Pod pod) {
        return IamRole.missing(pod, accountAnnotations)
                .map(role ->
                        "the pod has no credentials of the IAM role "
                                + role
                                + " of its service account, since it was not admitted to Fargate when"
                                + " it was created, and they can't be added to a pod that exists:"
                                + " delete it, and the one that its owner makes in its place has"
                                + " them");
    }
}
