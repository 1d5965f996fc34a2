package dev.monopod.kube.mapping;

import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyPeer;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyPort;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// How much one NetworkPolicy may hold. Its rules cost a host the sum of what it holds, and all
/// hosts have it in memory; nobody needs more, and a policy of one tenant must not cost the others.
final class PolicyBounds {
    static final int MOST_RULES = 500;
    static final int MOST_PEERS = 2_000;

    /// Peers by selector: each is compared with every pod.
    static final int MOST_SELECTORS = 200;

    static final int MOST_EXCEPTIONS = 2_000;
    static final int MOST_PORTS = 1_000;

    /// Labels, expressions and values of all selectors together.
    static final int MOST_LABELS = 1_000;

    private int rules;
    private int peers;
    private int selectors;
    private int exceptions;
    private int ports;
    private int labels;

    private PolicyBounds() {}

    /// What there is too much of: field, limit and value.
    static Optional<String> exceeded(NetworkPolicy policy) {
        return new PolicyBounds().count(policy);
    }

    private Optional<String> count(NetworkPolicy policy) {
        var spec = policy.getSpec();
        count(spec.getPodSelector());
        for (var rule : orEmpty(spec.getIngress())) {
            count(rule.getPorts(), rule.getFrom());
        }
        for (var rule : orEmpty(spec.getEgress())) {
            count(rule.getPorts(), rule.getTo());
        }
        return exceeded("ingress and egress", rules, "rules", MOST_RULES)
                .or(() -> exceeded("ingress.from and egress.to", peers, "peers", MOST_PEERS))
                .or(() ->
                        exceeded(
                                "ingress.from and egress.to",
                                selectors,
                                "peers by selector",
                                MOST_SELECTORS))
                .or(() -> exceeded("ipBlock.except", exceptions, "ranges", MOST_EXCEPTIONS))
                .or(() -> exceeded("ingress.ports and egress.ports", ports, "ports", MOST_PORTS))
                .or(() ->
                        exceeded(
                                "podSelector and namespaceSelector",
                                labels,
                                "labels, expressions and values",
                                MOST_LABELS));
    }

    private static Optional<String> exceeded(String field, int value, String what, int most) {
        return value > most
                ? Optional.of(
                        "spec: %s have %d %s, the limit is %d".formatted(field, value, what, most))
                : Optional.empty();
    }

    private void count(
            @Nullable List<NetworkPolicyPort> ofRule, @Nullable List<NetworkPolicyPeer> others) {
        rules++;
        ports += orEmpty(ofRule).size();
        for (var peer : orEmpty(others)) {
            peers++;
            if (peer.getIpBlock() == null) {
                selectors++;
                count(peer.getPodSelector());
                count(peer.getNamespaceSelector());
            } else {
                exceptions += orEmpty(peer.getIpBlock().getExcept()).size();
            }
        }
    }

    private void count(@Nullable LabelSelector selector) {
        if (selector == null) {
            return;
        }
        if (selector.getMatchLabels() != null) {
            labels += selector.getMatchLabels().size();
        }
        for (var part : orEmpty(selector.getMatchExpressions())) {
            labels += 1 + orEmpty(part.getValues()).size();
        }
    }

    private static <T> List<T> orEmpty(@Nullable List<T> list) {
        return list == null ? List.of() : list;
    }
}
