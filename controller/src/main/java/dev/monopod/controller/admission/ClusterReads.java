package dev.monopod.controller.admission;

import dev.monopod.kube.api.FargateProfile;
import dev.monopod.kube.api.SecurityGroup;
import dev.monopod.kube.api.SecurityGroupPolicy;
import dev.monopod.kube.api.Subnet;
import dev.monopod.kube.api.Vpc;
import dev.monopod.logging.plan.PodLogging;
import dev.monopod.model.support.PodShape.ClaimState;
import io.fabric8.kubernetes.api.model.ConfigMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;

/// What admission needs to know of the cluster. Called on request threads, concurrently.
public interface ClusterReads {
    /// All profiles, of any phase.
    List<FargateProfile> profiles();

    /// All subnets, as the API server itself has them.
    List<Subnet> subnets();

    /// A subnet; empty if there is none.
    Optional<Subnet> subnet(String name);

    /// All VPCs, as the API server itself has them.
    List<Vpc> vpcs();

    /// All security groups, as the API server itself has them.
    List<SecurityGroup> securityGroups();

    /// Those of a namespace. One that was made a moment ago may be missing; the scheduler reads
    /// them from the API server itself when it places the pod.
    List<SecurityGroupPolicy> securityGroupPolicies(String namespace);

    /// Labels of a service account; empty if there is none.
    Map<String, String> serviceAccountLabels(String namespace, String name);

    /// Annotations of a service account; empty if there is none.
    Map<String, String> serviceAccountAnnotations(String namespace, String name);

    /// Whether a service account has a pod identity association. One that was made a moment ago may
    /// be missing.
    boolean hasPodIdentity(String namespace, String account);

    /// ConfigMaps that are roles of this cluster, or say so, as the API server itself has them.
    List<ConfigMap> roles();

    /// Whether the STS of this cluster has the role of that ARN. One that was made a moment ago may
    /// be missing.
    boolean hasRole(String arn);

    /// What is known of a claim.
    ClaimState claim(String namespace, String name);

    /// Condition types that a new pod with these labels should wait for; none where its namespace
    /// does not ask for it.
    SortedSet<String> readinessGates(String namespace, Map<String, String> labels);

    /// What a pod that is created now is told of logging; the scheduler tells it again when it
    /// places the pod.
    PodLogging logging();
}
