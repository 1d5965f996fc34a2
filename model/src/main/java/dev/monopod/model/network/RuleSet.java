package dev.monopod.model.network;

import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/// Rules of one security group or NetworkPolicy. A direction that it has no list for it leaves
/// alone; one with an empty list it closes.
///
/// @param name as users know it: `security group web`, `NetworkPolicy shop/deny-all`
public record RuleSet(String name, Map<Direction, List<Rule>> rules) {
    public RuleSet {
        var copy = new EnumMap<Direction, List<Rule>>(Direction.class);
        rules.forEach((direction, list) -> copy.put(direction, List.copyOf(list)));
        rules = Collections.unmodifiableMap(copy);
    }

    /// As the pod sees it.
    public enum Direction {
        INGRESS,
        EGRESS
    }

    /// Lets traffic pass that any of `traffic` and any of `peers` describes.
    ///
    /// @param label where it stands, for people: `ingress[0]: from the load balancer`
    public record Rule(String label, List<Traffic> traffic, List<Peer> peers) {
        public Rule {
            traffic = List.copyOf(traffic);
            peers = List.copyOf(peers);
        }
    }
}
