package dev.monopod.model.network;

import dev.monopod.model.network.Traffic.Protocol;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// The Services of which some pods of a host see other endpoints than all of them together do:
/// those of their zone, or themselves alone.
///
/// @param views by what is asked
/// @param datagrams the endpoints of every UDP port of a Service that answer, also of those without
///   views: a flow outlives the endpoint that it was led to
public record ServiceViews(Map<Front, View> views, Map<Front, Set<Back>> datagrams) {
    public static final ServiceViews NONE = new ServiceViews(Map.of(), Map.of());

    public ServiceViews {
        views = Map.copyOf(views);
        datagrams = Map.copyOf(datagrams);
    }

    /// What is asked: a port of a Service, at its ClusterIP.
    public record Front(String address, Protocol protocol, int port) {
        public Front {
            check(address, port);
        }
    }

    /// What answers.
    public record Back(String address, int port) {
        public Back {
            check(address, port);
        }
    }

    /// @param affinitySeconds how long a client keeps its endpoint after its last connection; 0: it
    ///   keeps none
    /// @param choices the first one that a client is in holds; who is in none sees what all see
    public record View(int affinitySeconds, List<Choice> choices) {
        public View {
            choices = List.copyOf(choices);
        }
    }

    /// @param clients their addresses
    /// @param backs at least one; each as likely as the others
    public record Choice(Spans clients, List<Back> backs) {
        public Choice {
            backs = List.copyOf(backs);
            if (backs.isEmpty() || clients.all().isEmpty()) {
                throw new IllegalArgumentException("a choice without clients or endpoints");
            }
        }
    }

    /// They stand in rules as they are.
    private static void check(String address, int port) {
        Cidr.address(address);
        if (port < 1 || port > Traffic.Ports.LAST) {
            throw new IllegalArgumentException(
                    "port must be 1 to %d, is %d".formatted(Traffic.Ports.LAST, port));
        }
    }
}
