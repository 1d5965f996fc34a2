package dev.monopod.kube.client;

import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;

/// Makes clients that give up a call within seconds and do not repeat it. For heartbeats, events
/// and whatever else is better said anew than late, and for loops, which try again themselves: the
/// usual client may take two minutes for a call to a server that is not there.
public final class BriskClient {
    private static final int CALL_MILLIS = 5_000;

    private BriskClient() {}

    /// A client for the same server; the caller closes it.
    public static KubernetesClient of(KubernetesClient client) {
        return new KubernetesClientBuilder()
                .withConfig(
                        new ConfigBuilder(client.getConfiguration())
                                .withRequestTimeout(CALL_MILLIS)
                                .withRequestRetryBackoffLimit(0)
                                .build())
                .build();
    }
}
