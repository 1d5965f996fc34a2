package dev.monopod.loadbalancing.rules;

import dev.monopod.loadbalancing.rules.Backend.Behaviour;

/// The kinds of routes that may attach to a Gateway.
enum RouteKind {
    HTTP("HTTPRoute", new Behaviour.Answer(500)),

    /// What a client makes of the status: 503 is UNAVAILABLE. Source: gRPC's "HTTP to gRPC status
    /// code mapping".
    GRPC("GRPCRoute", new Behaviour.Answer(503)),

    TLS("TLSRoute", new Behaviour.Close());

    private final String kind;
    private final Behaviour broken;

    RouteKind(String kind, Behaviour broken) {
        this.kind = kind;
        this.broken = broken;
    }

    /// As objects and references name it.
    String kind() {
        return kind;
    }

    /// What happens where a reference leads nowhere.
    Behaviour broken() {
        return broken;
    }
}
