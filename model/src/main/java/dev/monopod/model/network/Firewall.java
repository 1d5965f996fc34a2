package dev.monopod.model.network;

import dev.monopod.model.network.RuleSet.Direction;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// The rules of a VPC on one host, ready for a packet filter: chains that pods share, and sets of
/// addresses, so that a pod that comes or goes changes elements and no rule. Made by
/// [FirewallRules].
///
/// @param chains by name
/// @param sets addresses by name
/// @param ports pairs of address and port by name: what pods' named ports mean
/// @param pods the chains that each address of this host must pass, all of them
public record Firewall(
        Map<String, Chain> chains,
        Map<String, Set<String>> sets,
        Map<String, Set<String>> ports,
        Map<String, Bindings> pods) {
    public static final Firewall EMPTY = new Firewall(Map.of(), Map.of(), Map.of(), Map.of());

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

        /// In the range, and in none of the others.
        record Within(Cidr cidr, List<Cidr> except) implements Match {}

        /// In a set of [Firewall#sets].
        record In(String set) implements Match {}
    }

    /// What protocol and port must be.
    public sealed interface Test {
        /// As the traffic says; never a named port.
        record Is(Traffic traffic) implements Test {}

        /// The destination and its port are in a set of [Firewall#ports].
        record Named(Traffic.Protocol protocol, String set) implements Test {}
    }
}
