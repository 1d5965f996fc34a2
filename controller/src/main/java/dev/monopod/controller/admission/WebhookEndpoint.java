package dev.monopod.controller.admission;

/// Where the API server reaches the admission server.
public sealed interface WebhookEndpoint {
    /// The authority that signed the serving certificate, PEM.
    String authority();

    /// By address, for example `https://192.168.0.4:9443`.
    record Url(String base, String authority) implements WebhookEndpoint {}

    /// By a Service of the cluster.
    record Service(String namespace, String name, int port, String authority)
            implements WebhookEndpoint {}
}
