package dev.monopod.kube.mapping;

import dev.monopod.model.network.Cidr;
import dev.monopod.model.network.LabelQuery;
import dev.monopod.model.network.NetworkFacts;
import dev.monopod.model.network.Peer;
import dev.monopod.model.network.RuleSet;
import dev.monopod.model.network.RuleSet.Direction;
import dev.monopod.model.network.RuleSet.Rule;
import dev.monopod.model.network.Traffic;
import dev.monopod.model.network.Traffic.Protocol;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyPeer;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyPort;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// `networking.k8s.io/v1` NetworkPolicies, with all of upstream's meanings. IPv6 ranges match
/// nobody: no pod has such an address.
public final class NetworkPolicies {
    private NetworkPolicies() {}

    /// A policy as it is served.
    ///
    /// @param problem why it allows nothing, whatever it says; empty when it is served as it stands
    public record Read(NetworkFacts.Policy policy, Optional<String> problem) {}

    /// Never fails: a policy that can't be read, or is too large, closes the directions that it
    /// names for the pods that it selects, and nothing else.
    public static Read read(NetworkPolicy policy) {
        try {
            var problem = PolicyBounds.exceeded(policy);
            return problem.isPresent()
                    ? closed(policy, problem.get())
                    : new Read(policy(policy), Optional.empty());
        } catch (RuntimeException | StackOverflowError malformed) {
            return closed(policy, "spec: " + malformed.getMessage());
        }
    }

    private static Read closed(NetworkPolicy policy, String why) {
        var rules = new EnumMap<Direction, List<Rule>>(Direction.class);
        directions(policy).forEach(direction -> rules.put(direction, List.of()));
        return new Read(
                new NetworkFacts.Policy(
                        policy.getMetadata().getNamespace(),
                        selector(policy),
                        new RuleSet(name(policy) + " (not served)", rules)),
                Optional.of(why + ". The pods that it selects get no connection by it"));
    }

    /// All pods of the namespace where nobody can tell which.
    private static LabelQuery selector(NetworkPolicy policy) {
        try {
            return Selectors.of(policy.getSpec().getPodSelector());
        } catch (RuntimeException malformed) {
            return LabelQuery.EVERYTHING;
        }
    }

    private static Set<Direction> directions(NetworkPolicy policy) {
        var spec = policy.getSpec();
        if (spec == null) {
            return EnumSet.of(Direction.INGRESS);
        }
        var found = EnumSet.noneOf(Direction.class);
        var types = orEmpty(spec.getPolicyTypes());
        if (types.isEmpty() || types.contains("Ingress")) {
            found.add(Direction.INGRESS);
        }
        if (types.contains("Egress") || types.isEmpty() && !orEmpty(spec.getEgress()).isEmpty()) {
            found.add(Direction.EGRESS);
        }
        return found;
    }

    private static String name(NetworkPolicy policy) {
        var metadata = policy.getMetadata();
        return "NetworkPolicy " + metadata.getNamespace() + "/" + metadata.getName();
    }

    private static NetworkFacts.Policy policy(NetworkPolicy policy) {
        var namespace = policy.getMetadata().getNamespace();
        var spec = policy.getSpec();
        var rules = new EnumMap<Direction, List<Rule>>(Direction.class);
        for (var direction : directions(policy)) {
            var all = new ArrayList<Rule>();
            switch (direction) {
                case INGRESS -> {
                    for (var rule : orEmpty(spec.getIngress())) {
                        all.add(
                                new Rule(
                                        "ingress[" + all.size() + "]",
                                        traffic(rule.getPorts()),
                                        peers(namespace, rule.getFrom())));
                    }
                }
                case EGRESS -> {
                    for (var rule : orEmpty(spec.getEgress())) {
                        all.add(
                                new Rule(
                                        "egress[" + all.size() + "]",
                                        traffic(rule.getPorts()),
                                        peers(namespace, rule.getTo())));
                    }
                }
            }
            rules.put(direction, all);
        }
        return new NetworkFacts.Policy(
                namespace, Selectors.of(spec.getPodSelector()), new RuleSet(name(policy), rules));
    }

    private static List<Traffic> traffic(@Nullable List<NetworkPolicyPort> ports) {
        return orEmpty(ports).isEmpty()
                ? List.of(Traffic.ANY)
                : orEmpty(ports).stream().map(NetworkPolicies::traffic).toList();
    }

    private static Traffic traffic(NetworkPolicyPort port) {
        var protocol =
                port.getProtocol() == null
                        ? Protocol.TCP
                        : Protocol.valueOf(port.getProtocol().toUpperCase(Locale.ROOT));
        var first = port.getPort();
        if (first == null) {
            return new Traffic.Ports(protocol, 0, Traffic.Ports.LAST);
        }
        if (first.getStrVal() != null) {
            return new Traffic.NamedPort(protocol, first.getStrVal());
        }
        var last = port.getEndPort() == null ? first.getIntVal() : port.getEndPort();
        return new Traffic.Ports(protocol, first.getIntVal(), last);
    }

    private static List<Peer> peers(String namespace, @Nullable List<NetworkPolicyPeer> peers) {
        if (orEmpty(peers).isEmpty()) {
            return List.of(Peer.ANYONE);
        }
        var all = new ArrayList<Peer>();
        for (var peer : orEmpty(peers)) {
            if (peer.getIpBlock() == null) {
                all.add(
                        new Peer.Pods(
                                peer.getNamespaceSelector() == null
                                        ? Optional.of(namespace)
                                        : Optional.empty(),
                                peer.getNamespaceSelector() == null
                                        ? LabelQuery.EVERYTHING
                                        : Selectors.of(peer.getNamespaceSelector()),
                                Selectors.of(peer.getPodSelector())));
                continue;
            }
            var except = new ArrayList<Cidr>();
            orEmpty(peer.getIpBlock().getExcept()).forEach(part -> range(part, except::add));
            range(peer.getIpBlock().getCidr(), cidr -> all.add(new Peer.Range(cidr, except)));
        }
        return all;
    }

    /// The API server also takes ranges with bits beyond their prefix.
    private static void range(String text, Consumer<Cidr> found) {
        if (text.indexOf(':') < 0) {
            found.accept(Cidr.around(text));
        }
    }

    private static <T> List<T> orEmpty(@Nullable List<T> list) {
        return list == null ? List.of() : list;
    }
}
