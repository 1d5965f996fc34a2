package dev.monopod.model.network;

import dev.monopod.model.network.RuleSet.Direction;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// The rules of a VPC on one host, ready for a packet filter: chains that pods share, and sets of
/// addresses and ports, so that a pod that comes or goes changes elements and no rule, and that a
/// rule for many peers and many ports costs their sum and not their product. Made by
/// [FirewallRules].
///
/// @param chains by name
/// @param sets addresses of pods by name
/// @param ranges addresses by name; a name means the same for ever
/// @param services ports by name and protocol; a name means the same for ever
/// @param ports what pods' named ports mean, by name: address, protocol and port
/// @param pods the chains that each address of this host must pass, all of them
/// @param closed namespaces whose policies ask for more than one may, and how much: their pods get
///   no connection by any policy
public record Firewall(
        Map<String, Chain> chains,
        Map<String, Set<String>> sets,
        Map<String, Spans> ranges,
        Map<String, Map<Traffic.Protocol, Spans>> services,
        Map<String, Set<String>> ports,
        Map<String, Bindings> pods,
        Map<String, String> closed) {
    public static final Firewall EMPTY =
            new Firewall(Map.of(), Map.of(), Map.of(), Map.of(), Map.of(), Map.of(), Map.of());

    /// The chains of a pod.
    ///
    /// @param policy by direction; absent where no NetworkPolicy applies, so all may pass
    /// @param groups by direction; always both
    /// @param routes EGRESS only: where the subnet's routes lead; absent for pods in no subnet
    public record Bindings(
            Map<Direction, String> policy,
            Map<Direction, String> groups,
            Map<Direction, String> routes) {
        public Bindings {
            policy = Map.copyOf(policy);
            groups = Map.copyOf(groups);
            routes = Map.copyOf(routes);
        }

        /// In the order in which a packet meets them.
        public List<Map<Direction, String>> kinds() {
            return List.of(policy, groups, routes);
        }
    }

    /// Lets a packet pass that any line matches, and drops the rest.
    ///
    /// @param owners whose rules these are, for people
    public record Chain(Direction direction, String owners, List<Line> lines) {
        public Chain {
            lines = List.copyOf(lines);
        }
    }

    /// @param label which rule it comes from, for people
    public record Line(String label, Match match, Test test) {}

    /// What the other side's address must be.
    public sealed interface Match {
        /// Any.
        record Any() implements Match {}

        /// In one of [Firewall#ranges].
        record Within(String ranges) implements Match {}

        /// In a set of [Firewall#sets].
        record In(String set) implements Match {}
    }

    /// What protocol and port must be.
    public sealed interface Test {
        /// Anything.
        record Any() implements Test {}

        /// As the message says.
        record Message(Traffic.Icmp message) implements Test {}

        /// One of [Firewall#services].
        record Service(String services) implements Test {}

        /// The destination, its protocol and its port are in a set of [Firewall#ports].
        record Named(String set) implements Test {}
    }
}
