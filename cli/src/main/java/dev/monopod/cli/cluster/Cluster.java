package dev.monopod.cli.cluster;

import dev.monopod.cli.installation.Installation;
import dev.monopod.cli.installation.Layout;
import dev.monopod.cli.installation.Standing;
import dev.monopod.cli.terminal.CliException;
import dev.monopod.kube.client.Kubeconfig;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.nio.file.Files;
import java.nio.file.Path;

/// Finds the cluster that a command speaks to.
public final class Cluster {
    private Cluster() {}

    /// A client for the cluster of this machine; with `KUBECONFIG` set and no cluster of our own,
    /// for that one. The caller closes it.
    public static KubernetesClient connect(Layout layout) {
        var standing = Installation.read(layout).map(Installation::standing);
        var own = standing.map(it -> it.kubeconfig(layout)).orElse(layout.adminKubeconfig());
        var variable = System.getenv("KUBECONFIG");
        var named = variable != null && !variable.isBlank();
        // With the agent's credentials in another's cluster little can be done but look.
        var agents =
                standing.isPresent()
                        && standing.get() instanceof Standing.Guest guest
                        && guest.administrator().isEmpty();
        if (Files.isReadable(own) && !(agents && named)) {
            return connect(own);
        }
        if (variable != null && named) {
            return connect(Path.of(variable.split(":", 2)[0]));
        }
        throw new CliException(
                "no cluster: %s does not exist".formatted(own),
                "run `monopod up`, or set KUBECONFIG");
    }

    public static KubernetesClient connect(Path kubeconfig) {
        var config =
                new ConfigBuilder(Kubeconfig.read(kubeconfig))
                        .withRequestTimeout(20_000)
                        .withConnectionTimeout(5_000)
                        .withRequestRetryBackoffLimit(2)
                        .build();
        return new KubernetesClientBuilder().withConfig(config).build();
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
