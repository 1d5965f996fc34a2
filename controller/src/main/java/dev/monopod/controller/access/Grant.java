package dev.monopod.controller.access;

import dev.monopod.model.names.Names;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.rbac.PolicyRule;
import io.fabric8.kubernetes.api.model.rbac.PolicyRuleBuilder;
import io.fabric8.kubernetes.api.model.rbac.Role;
import io.fabric8.kubernetes.api.model.rbac.RoleBinding;
import io.fabric8.kubernetes.api.model.rbac.RoleBindingBuilder;
import io.fabric8.kubernetes.api.model.rbac.RoleBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;

/// What one host may read and serve in one namespace, by names.
///
/// @param accounts for whose pods it may ask for tokens
/// @param nodes whose Leases it may write; only in the namespace of the Leases
record Grant(
        SortedSet<String> secrets,
        SortedSet<String> configMaps,
        SortedSet<String> accounts,
        SortedSet<String> nodes) {
    private static final String RBAC = "rbac.authorization.k8s.io";

    /// Where.
    record Place(String namespace, String host) {
        String name() {
            return "monopod:host:" + host;
        }
    }

    /// Nothing yet; to be filled.
    Grant() {
        this(new TreeSet<>(), new TreeSet<>(), new TreeSet<>(), new TreeSet<>());
    }

    void add(PodNeeds needs) {
        secrets.addAll(needs.secrets());
        configMaps.addAll(needs.configMaps());
        accounts.add(needs.account());
    }

    /// By an empty list of names a rule would allow all of them, so there is no such rule.
    List<PolicyRule> rules() {
        List<PolicyRule> rules = new ArrayList<>();
        rule(rules, "", "configmaps", configMaps, "get");
        rule(rules, "", "secrets", secrets, "get");
        rule(rules, Names.GROUP, "nodes", nodes, Names.SERVE_VERB);
        rule(rules, Names.GROUP, "serviceaccounts", accounts, Names.SERVE_VERB);
        return rules;
    }

    private static void rule(
            List<PolicyRule> rules,
            String group,
            String resource,
            SortedSet<String> names,
            String verb) {
        if (!names.isEmpty()) {
            rules.add(
                    new PolicyRuleBuilder()
                            .withApiGroups(group)
                            .withResources(resource)
                            .withResourceNames(List.copyOf(names))
                            .withVerbs(verb)
                            .build());
        }
    }

    Role role(Place place) {
        return new RoleBuilder().withMetadata(metadata(place)).withRules(rules()).build();
    }

    static RoleBinding binding(Place place) {
        return new RoleBindingBuilder()
                .withMetadata(metadata(place))
                .withNewRoleRef(RBAC, "Role", place.name())
                .addNewSubject(RBAC, "User", Names.AGENT_USER + place.host(), null)
                .build();
    }

    static ObjectMeta metadata(Place place) {
        return new ObjectMetaBuilder()
                .withName(place.name())
                .withNamespace(place.namespace())
                .withLabels(Names.LABELS)
                .addToLabels(Names.HOST_LABEL, place.host())
                .build();
    }
}
