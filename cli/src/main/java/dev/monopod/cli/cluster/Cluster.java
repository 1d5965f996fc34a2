package dev.monopod.cli.cluster;

import dev.monopod.cli.installation.Installation;
import dev.monopod.cli.installation.Layout;
import dev.monopod.cli.terminal.CliException;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// Finds the cluster that a command speaks to.
public final class Cluster {
    private Cluster() {}

    /// A client for the cluster of this machine; with `KUBECONFIG` set and no cluster of our own,
    /// for that one. The caller closes it.
    public static KubernetesClient connect(Layout layout) {
        var own =
                Installation.read(layout)
                        .map(it -> it.standing().kubeconfig(layout))
                        .orElse(layout.adminKubeconfig());
        if (Files.isReadable(own)) {
            return connect(own);
        }
        var variable = System.getenv("KUBECONFIG");
        if (variable != null && !variable.isBlank()) {
            return connect(Path.of(variable.split(":", 2)[0]));
        }
        throw new CliException(
                "no cluster: %s does not exist".formatted(own),
                "run `monopod up`, or set KUBECONFIG");
    }

    public static KubernetesClient connect(Path kubeconfig) {
        try {
            var config = Config.fromKubeconfig(Files.readString(kubeconfig));
            config =
                    new ConfigBuilder(config)
                            .withRequestTimeout(20_000)
                            .withConnectionTimeout(5_000)
                            .withRequestRetryBackoffLimit(2)
                            .build();
            return new KubernetesClientBuilder().withConfig(config).build();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /// The API server's own words, without the client's wrapping.
    public static String reason(KubernetesClientException failure) {
        if (failure.getStatus() != null && failure.getStatus().getMessage() != null) {
            return failure.getStatus().getMessage();
        }
        Throwable cause = failure;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause.getMessage() == null ? cause.toString() : cause.getMessage();
    }
}
