package dev.monopod.controller.eks;

import dev.monopod.controller.admission.AdmissionServer;
import dev.monopod.eks.access.ClusterIdentity;
import dev.monopod.model.loop.Loops;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.util.Optional;

/// AWS' APIs where the command line asks for them, else nothing.
public final class AwsTools implements AutoCloseable {
    private static final String TOKENS = "/authenticate";

    private final Optional<AwsApis> apis;

    /// @throws IOException if it cannot listen, or has no certificate
    public AwsTools(
            AwsOptions options, ClusterIdentity cluster, KubernetesClient client, Loops loops)
            throws IOException {
        apis =
                options.bind().isEmpty()
                        ? Optional.empty()
                        : Optional.of(
                                new AwsApis(
                                        address(options.bind().get()),
                                        options,
                                        cluster,
                                        client,
                                        Clock.systemUTC(),
                                        loops));
    }

    /// Begins to answer tools, and the API server's question whose a token is.
    public void start(AdmissionServer webhooks) {
        apis.ifPresent(started -> {
            webhooks.serve(TOKENS, started.tokens());
            started.start();
        });
    }

    static InetSocketAddress address(String bind) {
        var colon = bind.lastIndexOf(':');
        return new InetSocketAddress(
                bind.substring(0, colon), Integer.parseInt(bind.substring(colon + 1)));
    }

    @Override
    public void close() {
        apis.ifPresent(AwsApis::close);
    }
}
