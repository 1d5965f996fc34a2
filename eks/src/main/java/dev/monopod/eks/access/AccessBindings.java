package dev.monopod.eks.access;

import dev.monopod.eks.access.AccessEntry.Association;
import dev.monopod.eks.access.AccessEntry.Scope;
import dev.monopod.model.names.Names;
import dev.monopod.model.profile.Wildcard;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.rbac.ClusterRole;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBinding;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBindingBuilder;
import io.fabric8.kubernetes.api.model.rbac.RoleBinding;
import io.fabric8.kubernetes.api.model.rbac.RoleBindingBuilder;
import io.fabric8.kubernetes.api.model.rbac.RoleRef;
import io.fabric8.kubernetes.api.model.rbac.RoleRefBuilder;
import io.fabric8.kubernetes.api.model.rbac.Subject;
import io.fabric8.kubernetes.api.model.rbac.SubjectBuilder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;

/// What RBAC must have so that access entries have the rights of their policies: the roles of the
/// policies, and bindings to the group that [IdentityMapping] alone gives.
///
/// @param roles of all policies, whether they are used or not
public record AccessBindings(
        List<ClusterRole> roles, List<ClusterRoleBinding> cluster, List<RoleBinding> namespaced) {
    /// On everything that is kept here, and on nothing else.
    static final String LABEL = Names.OWN_PREFIX + "access-policy";

    private static final String RBAC = "rbac.authorization.k8s.io";

    public AccessBindings {
        roles = List.copyOf(roles);
        cluster = List.copyOf(cluster);
        namespaced = List.copyOf(namespaced);
    }

    /// Pure. An entry that is not `STANDARD`, or that the API would have refused, has nothing by
    /// its policies.
    ///
    /// @param account of the cluster
    /// @param namespaces those that are there
    public static AccessBindings of(
            Collection<AccessEntry> entries, Collection<String> namespaces, String account) {
        List<ClusterRoleBinding> cluster = new ArrayList<>();
        List<RoleBinding> namespaced = new ArrayList<>();
        for (var entry : entries) {
            if (entry.type() != EntryType.STANDARD
                    || !EntryRules.problems(entry, account).isEmpty()) {
                continue;
            }
            for (var association : entry.associations()) {
                switch (association.scope()) {
                    case Scope.Cluster() -> cluster.add(binding(entry, association));
                    case Scope.Namespaces(List<String> patterns) ->
                            matching(patterns, namespaces)
                                    .forEach(namespace ->
                                            namespaced.add(binding(entry, association, namespace)));
                }
            }
        }
        return new AccessBindings(
                Arrays.stream(AccessPolicy.values())
                        .map(policy -> PolicyRules.role(policy, labels(policy)))
                        .toList(),
                cluster,
                namespaced);
    }

    private static List<String> matching(List<String> patterns, Collection<String> namespaces) {
        var wildcards = patterns.stream().map(Wildcard::new).toList();
        return namespaces.stream()
                .filter(namespace ->
                        wildcards.stream().anyMatch(wildcard -> wildcard.matches(namespace)))
                .sorted()
                .toList();
    }

    private static ClusterRoleBinding binding(AccessEntry entry, Association association) {
        return new ClusterRoleBindingBuilder()
                .withMetadata(metadata(entry, association).build())
                .withRoleRef(role(association))
                .withSubjects(subject(entry))
                .build();
    }

    private static RoleBinding binding(
            AccessEntry entry, Association association, String namespace) {
        return new RoleBindingBuilder()
                .withMetadata(metadata(entry, association).withNamespace(namespace).build())
                .withRoleRef(role(association))
                .withSubjects(subject(entry))
                .build();
    }

    private static ObjectMetaBuilder metadata(AccessEntry entry, Association association) {
        var policy = association.policy();
        return new ObjectMetaBuilder()
                .withName(
                        "monopod:eks:%s:%s"
                                .formatted(entry.principal().digest(), policy.shortName()))
                .withLabels(labels(policy));
    }

    private static Map<String, String> labels(AccessPolicy policy) {
        return Map.of(
                LABEL,
                policy.policyName(),
                "app.kubernetes.io/part-of",
                Objects.requireNonNull(Names.LABELS.get("app.kubernetes.io/part-of")));
    }

    private static RoleRef role(Association association) {
        return new RoleRefBuilder()
                .withApiGroup(RBAC)
                .withKind("ClusterRole")
                .withName(association.policy().clusterRole())
                .build();
    }

    private static Subject subject(AccessEntry entry) {
        return new SubjectBuilder()
                .withApiGroup(RBAC)
                .withKind("Group")
                .withName(Reserved.entryGroup(entry.principal()))
                .build();
    }

    /// `NAMESPACE/NAME` of the bindings in namespaces.
    Set<String> namespacedKeys() {
        return namespaced.stream()
                .map(binding -> key(binding.getMetadata()))
                .collect(Collectors.toSet());
    }

    /// Names of the bindings of the cluster.
    Set<String> clusterKeys() {
        return cluster.stream()
                .map(binding -> key(binding.getMetadata()))
                .collect(Collectors.toSet());
    }

    static String key(ObjectMeta meta) {
        return meta.getNamespace() == null
                ? meta.getName()
                : meta.getNamespace() + "/" + meta.getName();
    }
}
