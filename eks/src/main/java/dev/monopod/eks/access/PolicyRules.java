package dev.monopod.eks.access;

import io.fabric8.kubernetes.api.model.rbac.ClusterRole;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBuilder;
import io.fabric8.kubernetes.api.model.rbac.PolicyRule;
import io.fabric8.kubernetes.api.model.rbac.PolicyRuleBuilder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/// EKS' access policies as ClusterRoles. Source: the user guide, access-policy-reference; groups of
/// APIs that Kubernetes has no more are left out.
final class PolicyRules {
    private static final List<String> READ = List.of("get", "list", "watch");
    private static final List<String> WRITE =
            List.of("create", "delete", "deletecollection", "patch", "update");
    private static final List<String> ALL = List.of("*");
    private static final String CORE = "";

    private PolicyRules() {}

    /// @param labels of the ClusterRole
    static ClusterRole role(AccessPolicy policy, Map<String, String> labels) {
        return new ClusterRoleBuilder()
                .withNewMetadata()
                .withName(policy.clusterRole())
                .withLabels(labels)
                .endMetadata()
                .withRules(rules(policy))
                .build();
    }

    private static List<PolicyRule> rules(AccessPolicy policy) {
        return switch (policy) {
            case CLUSTER_ADMIN ->
                    List.of(
                            rule("*", ALL, "*"),
                            new PolicyRuleBuilder()
                                    .withNonResourceURLs("*")
                                    .withVerbs("*")
                                    .build());
            case ADMIN_VIEW -> List.of(rule("*", READ, "*"));
            case ADMIN -> {
                var rules = edit();
                rules.add(
                        rule(
                                "authorization.k8s.io",
                                List.of("create"),
                                "localsubjectaccessreviews"));
                rules.add(rule("rbac.authorization.k8s.io", READ, "rolebindings", "roles"));
                rules.add(rule("rbac.authorization.k8s.io", WRITE, "rolebindings", "roles"));
                yield rules;
            }
            case EDIT -> edit();
            case VIEW -> view();
        };
    }

    private static List<PolicyRule> edit() {
        var rules = view();
        rules.addAll(
                List.of(
                        rule(
                                "apps",
                                WRITE,
                                "daemonsets",
                                "deployments",
                                "deployments/rollback",
                                "deployments/scale",
                                "replicasets",
                                "replicasets/scale",
                                "statefulsets",
                                "statefulsets/scale"),
                        rule("autoscaling", WRITE, "horizontalpodautoscalers"),
                        rule("batch", WRITE, "cronjobs", "jobs"),
                        rule("networking.k8s.io", WRITE, "ingresses", "networkpolicies"),
                        rule("policy", WRITE, "poddisruptionbudgets"),
                        rule(
                                CORE,
                                READ,
                                "pods/attach",
                                "pods/exec",
                                "pods/portforward",
                                "pods/proxy",
                                "secrets",
                                "services/proxy"),
                        rule(CORE, List.of("impersonate"), "serviceaccounts"),
                        rule(
                                CORE,
                                WRITE,
                                "pods",
                                "pods/attach",
                                "pods/exec",
                                "pods/portforward",
                                "pods/proxy",
                                "configmaps",
                                "events",
                                "persistentvolumeclaims",
                                "replicationcontrollers",
                                "replicationcontrollers/scale",
                                "secrets",
                                "serviceaccounts",
                                "services",
                                "services/proxy")));
        return rules;
    }

    private static List<PolicyRule> view() {
        return new ArrayList<>(
                List.of(
                        rule(
                                "apps",
                                READ,
                                "controllerrevisions",
                                "daemonsets",
                                "daemonsets/status",
                                "deployments",
                                "deployments/scale",
                                "deployments/status",
                                "replicasets",
                                "replicasets/scale",
                                "replicasets/status",
                                "statefulsets",
                                "statefulsets/scale",
                                "statefulsets/status"),
                        rule(
                                "autoscaling",
                                READ,
                                "horizontalpodautoscalers",
                                "horizontalpodautoscalers/status"),
                        rule("batch", READ, "cronjobs", "cronjobs/status", "jobs", "jobs/status"),
                        rule("discovery.k8s.io", READ, "endpointslices"),
                        rule(
                                "networking.k8s.io",
                                READ,
                                "ingresses",
                                "ingresses/status",
                                "networkpolicies"),
                        rule("policy", READ, "poddisruptionbudgets", "poddisruptionbudgets/status"),
                        rule(
                                CORE,
                                READ,
                                "configmaps",
                                "endpoints",
                                "persistentvolumeclaims",
                                "persistentvolumeclaims/status",
                                "pods",
                                "replicationcontrollers",
                                "replicationcontrollers/scale",
                                "serviceaccounts",
                                "services",
                                "services/status",
                                "bindings",
                                "events",
                                "limitranges",
                                "namespaces",
                                "namespaces/status",
                                "pods/log",
                                "pods/status",
                                "replicationcontrollers/status",
                                "resourcequotas",
                                "resourcequotas/status")));
    }

    private static PolicyRule rule(String group, List<String> verbs, String... resources) {
        return new PolicyRuleBuilder()
                .withApiGroups(group)
                .withResources(Arrays.asList(resources))
                .withVerbs(verbs)
                .build();
    }
}
