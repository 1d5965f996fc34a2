package dev.monopod.model.network;

import dev.monopod.model.network.Firewall.Chain;
import dev.monopod.model.network.Firewall.Match;
import dev.monopod.model.network.Firewall.Test;
import dev.monopod.model.network.RuleSet.Direction;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Takes the first packet of a connection through a [Firewall], in the order in which the packet
/// filter does. Pure.
public final class FirewallWalk {
    private static final Spans NONE = new Spans(List.of());

    private FirewallWalk() {}

    /// A new connection after all translation.
    ///
    /// @param traffic [Traffic.Ports] of one port, [Traffic.Icmp] of one message
    public record Packet(String source, String destination, Traffic traffic) {}

    /// One chain's answer.
    ///
    /// @param rule the line that let it pass; empty if none did
    public record Step(Direction direction, String owners, String rule, Verdict verdict) {}

    /// What a chain says.
    public enum Verdict {
        ALLOWED,
        DROPPED
    }

    /// The chains that it passes, the last of which may drop it.
    public static List<Step> walk(Firewall firewall, Packet packet) {
        var steps = new ArrayList<Step>();
        if (packet.source().equals(packet.destination())) {
            return steps;
        }
        for (var direction : List.of(Direction.EGRESS, Direction.INGRESS)) {
            var own = direction == Direction.EGRESS ? packet.source() : packet.destination();
            var other = direction == Direction.EGRESS ? packet.destination() : packet.source();
            var bindings = firewall.pods().get(own);
            if (bindings == null) {
                continue;
            }
            for (var kind : bindings.kinds()) {
                var name = kind.get(direction);
                var chain = name == null ? null : firewall.chains().get(name);
                if (chain == null) {
                    continue;
                }
                var step = step(firewall, chain, other, packet);
                steps.add(step);
                if (step.verdict() == Verdict.DROPPED) {
                    return steps;
                }
            }
        }
        return steps;
    }

    private static Step step(Firewall firewall, Chain chain, String other, Packet packet) {
        for (var line : chain.lines()) {
            if (matches(firewall, line.match(), other) && passes(firewall, line.test(), packet)) {
                return new Step(chain.direction(), chain.owners(), line.label(), Verdict.ALLOWED);
            }
        }
        return new Step(chain.direction(), chain.owners(), "", Verdict.DROPPED);
    }

    private static boolean matches(Firewall firewall, Match match, String address) {
        return switch (match) {
            case Match.Any() -> true;
            case Match.Within(String ranges) ->
                    firewall.ranges().getOrDefault(ranges, NONE).contains(Cidr.address(address));
            case Match.In(String set) ->
                    firewall.sets().getOrDefault(set, Set.of()).contains(address);
        };
    }

    private static boolean passes(Firewall firewall, Test test, Packet packet) {
        return switch (test) {
            case Test.Any() -> true;
            case Test.Message(Traffic.Icmp(int type, int code)) ->
                    packet.traffic() instanceof Traffic.Icmp(int own, int detail)
                            && (type == Traffic.Icmp.ANY || type == own)
                            && (code == Traffic.Icmp.ANY || code == detail);
            case Test.Service(String services) ->
                    packet.traffic() instanceof Traffic.Ports(var protocol, int port, int _)
                            && firewall.services()
                                    .getOrDefault(services, Map.of())
                                    .getOrDefault(protocol, NONE)
                                    .contains(port);
            case Test.Named(String set) ->
                    packet.traffic() instanceof Traffic.Ports(var protocol, int port, int _)
                            && firewall.ports()
                                    .getOrDefault(set, Set.of())
                                    .contains(
                                            RuleLines.named(packet.destination(), protocol, port));
        };
    }
}
