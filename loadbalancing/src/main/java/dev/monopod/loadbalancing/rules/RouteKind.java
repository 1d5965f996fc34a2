package dev.monopod.loadbalancing.rules;

/// The kinds of routes that may attach to a Gateway.
enum RouteKind {
    HTTP("HTTPRoute", 500),

    /// What a client makes of the status: 503 is UNAVAILABLE. Source: gRPC's "HTTP to gRPC status
    /// code mapping".
    GRPC("GRPCRoute", 503);

    private final String kind;
    private final int broken;

    RouteKind(String kind, int broken) {
        this.kind = kind;
        this.broken = broken;
    }

    /// As objects and references name it.
    String kind() {
        return kind;
    }

    /// Status of the answer where a reference leads nowhere.
    int broken() {
        return broken;
    }
}
