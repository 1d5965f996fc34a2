package dev.monopod.controller;

import dev.monopod.kube.client.Kubeconfig;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/// Which cluster, and who the controller is there.
final class ClusterOptions {
    /// Where kubelets mount the account of a pod.
    private static final Path ACCOUNT = Path.of("/var/run/secrets/kubernetes.io/serviceaccount");

    @ArgGroup(multiplicity = "1")
    private Choice choice = new Choice();

    private static final class Choice {
        @Option(names = "--kubeconfig")
        private Optional<Path> kubeconfig = Optional.empty();

        @Option(
                names = "--in-cluster-as",
                description = "USER as whom the service account of this pod acts")
        private Optional<String> user = Optional.empty();
    }

    KubernetesClient client() {
        var config =
                choice.kubeconfig
                        .map(Kubeconfig::read)
                        .orElseGet(
                                () -> Kubeconfig.inCluster(System.getenv(), ACCOUNT, choice.user));
        return new KubernetesClientBuilder().withConfig(config).build();
    }

    /// In a pod.
    ///
    /// @param as a user; empty: the service account itself
    static KubernetesClient inCluster(Map<String, String> environment, Optional<String> as) {
        return new KubernetesClientBuilder()
                .withConfig(Kubeconfig.inCluster(environment, ACCOUNT, as))
                .build();
    }
}
