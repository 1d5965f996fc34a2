package dev.monopod.controller.eks;

import dev.monopod.eks.access.ClusterIdentity;
import dev.monopod.eks.operations.ClusterDescription;
import dev.monopod.kube.api.Subnet;
import dev.monopod.model.names.Defaults;
import dev.monopod.model.names.Names;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/// The cluster as it is when somebody asks: its version, its subnets, the authority of its API
/// server.
final class DescribedCluster implements Supplier<ClusterDescription> {
    private final KubernetesClient client;
    private final ClusterIdentity identity;
    private final AwsOptions options;

    DescribedCluster(KubernetesClient client, ClusterIdentity identity, AwsOptions options) {
        this.client = client;
        this.identity = identity;
        this.options = options;
    }

    @Override
    public ClusterDescription get() {
        var version = client.getKubernetesVersion();
        return new ClusterDescription(
                identity.name(),
                identity.arn(),
                created(),
                ClusterDescription.Status.ACTIVE,
                // Of some providers the minor ends with a plus.
                version.getMajor() + "." + version.getMinor().replaceAll("\\D", ""),
                options.apiServer(),
                authority(),
                "arn:%s:iam::%s:role/%s-cluster"
                        .formatted(identity.partition(), identity.account(), identity.name()),
                new ClusterDescription.Vpc(
                        Defaults.VPC,
                        subnets(),
                        List.of(),
                        Names.clusterSecurityGroup(Defaults.VPC),
                        true,
                        true,
                        List.of("0.0.0.0/0")),
                new ClusterDescription.Network(options.services(), "ipv4"),
                options.issuer(),
                Map.of());
    }

    private Instant created() {
        return Instant.parse(
                client.namespaces()
                        .withName("kube-system")
                        .require()
                        .getMetadata()
                        .getCreationTimestamp());
    }

    private List<String> subnets() {
        return client.resources(Subnet.class).list().getItems().stream()
                .filter(subnet -> subnet.getSpec().vpc().equals(Defaults.VPC))
                .map(subnet -> subnet.getMetadata().getName())
                .sorted()
                .toList();
    }

    private String authority() {
        try {
            return Files.readString(options.authority());
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
