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
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// `networking.k8s.io/v1` NetworkPolicies, with all of upstream's meanings. IPv6 ranges match
/// nobody: no pod has such an address.
public final class NetworkPolicies {
    private NetworkPolicies() {}

    public static NetworkFacts.Policy of(NetworkPolicy policy) {
        var namespace = policy.getMetadata().getNamespace();
        var spec = policy.getSpec();
        var rules = new EnumMap<Direction, List<Rule>>(Direction.class);
        var types = orEmpty(spec.getPolicyTypes());
        if (types.isEmpty() || types.contains("Ingress")) {
            var all = new ArrayList<Rule>();
            for (var rule : orEmpty(spec.getIngress())) {
                all.add(
                        new Rule(
                                "ingress[" + all.size() + "]",
                                traffic(rule.getPorts()),
                                peers(namespace, rule.getFrom())));
            }
            rules.put(Direction.INGRESS, all);
        }
        if (types.contains("Egress") || types.isEmpty() && !orEmpty(spec.getEgress()).isEmpty()) {
            var all = new ArrayList<Rule>();
            for (var rule : orEmpty(spec.getEgress())) {
                all.add(
                        new Rule(
                                "egress[" + all.size() + "]",
                                traffic(rule.getPorts()),
                                peers(namespace, rule.getTo())));
            }
            rules.put(Direction.EGRESS, all);
        }
        return new NetworkFacts.Policy(
                namespace,
                Selectors.of(spec.getPodSelector()),
                new RuleSet(
                        "NetworkPolicy " + namespace + "/" + policy.getMetadata().getName(),
                        rules));
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
        var slash = text.indexOf('/');
        if (text.indexOf(':') < 0 && slash > 0) {
            var prefix = Integer.parseInt(text.substring(slash + 1));
            var address = Cidr.address(text.substring(0, slash));
            var size = 1L << (32 - prefix);
            found.accept(new Cidr(address / size * size, prefix));
        }
    }

    private static <T> List<T> orEmpty(@Nullable List<T> list) {
        return list == null ? List.of() : list;
    }
}
