package dev.monopod.loadbalancing.rules;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.Gateway;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.ParentReference;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.RouteParentStatus;
import java.util.List;

/// What becomes of a Gateway: its load balancer, and what its status says of it.
public record GatewayPlan(
        Gateway gateway,
        LoadBalancer balancer,
        List<State> conditions,
        List<ListenerPlan> listeners) {
    public GatewayPlan {
        conditions = List.copyOf(conditions);
        listeners = List.copyOf(listeners);
    }

    /// A condition without its times.
    public record State(String type, Truth truth, String reason, String message) {
        static State yes(String type, String reason) {
            return new State(type, Truth.TRUE, reason, "");
        }

        static State no(String type, String reason, String message) {
            return new State(type, Truth.FALSE, reason, message);
        }
    }

    public enum Truth {
        TRUE,
        FALSE
    }

    /// @param kinds kinds of routes that may attach
    public record ListenerPlan(
            String name, List<String> kinds, int attachedRoutes, List<State> conditions) {
        public ListenerPlan {
            kinds = List.copyOf(kinds);
            conditions = List.copyOf(conditions);
        }
    }

    /// What becomes of a route at each of its parents that are ours.
    ///
    /// @param told what the status of the route says
    public record RoutePlan(HasMetadata route, List<RouteParentStatus> told, List<Parent> parents) {
        public RoutePlan {
            told = List.copyOf(told);
            parents = List.copyOf(parents);
        }
    }

    public record Parent(ParentReference reference, List<State> conditions) {
        public Parent {
            conditions = List.copyOf(conditions);
        }
    }
}
