package dev.monopod.eks.operations;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.monopod.eks.operations.ClusterDescription.Status;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// DescribeCluster, ListClusters and DescribeClusterVersions: there is one cluster, of one version.
final class ClusterOperations {
    private static final String PLATFORM_VERSION = "eks.1";
    private static final String CLUSTER_TYPE = "eks";
    private static final String SUPPORTED = "STANDARD_SUPPORT";

    /// Of the deprecated parameter and member `status`.
    private static final String SUPPORTED_BEFORE = "standard-support";

    private static final List<String> LOGS =
            List.of("api", "audit", "authenticator", "controllerManager", "scheduler");

    private final Supplier<ClusterDescription> cluster;

    ClusterOperations(Supplier<ClusterDescription> cluster) {
        this.cluster = cluster;
    }

    /// The cluster of that name.
    ///
    /// @throws Refusal if it has another
    ClusterDescription named(String name) {
        var found = cluster.get();
        if (!found.name().equals(name)) {
            throw Refusal.noCluster(name);
        }
        return found;
    }

    Object describe(Call call) {
        return Map.of("cluster", body(named(call.variable("name"))));
    }

    Object list(Call call) {
        var page = Page.of(List.of(cluster.get().name()), Page.Request.of(call, "clusters"));
        return new Clusters(page.names(), page.nextToken());
    }

    Object versions(Call call) {
        var version = cluster.get().version();
        var asked =
                (call.all("clusterVersions").isEmpty()
                                || call.all("clusterVersions").contains(version))
                        && call.first("clusterType").orElse(CLUSTER_TYPE).equals(CLUSTER_TYPE)
                        && call.first("versionStatus").orElse(SUPPORTED).equals(SUPPORTED)
                        && call.first("status").orElse(SUPPORTED_BEFORE).equals(SUPPORTED_BEFORE);
        var page =
                Page.of(
                        asked ? List.of(version) : List.of(),
                        Page.Request.of(call, "cluster-versions"));
        return new Versions(
                page.names().stream()
                        .map(name ->
                                new Version(
                                        name,
                                        CLUSTER_TYPE,
                                        PLATFORM_VERSION,
                                        true,
                                        SUPPORTED_BEFORE,
                                        SUPPORTED))
                        .toList(),
                page.nextToken());
    }

    private static Body body(ClusterDescription cluster) {
        return new Body(
                cluster.name(),
                cluster.arn(),
                cluster.createdAt(),
                cluster.version(),
                cluster.endpoint(),
                cluster.roleArn(),
                cluster.vpc(),
                cluster.network(),
                Map.of("clusterLogging", List.of(Map.of("types", LOGS, "enabled", false))),
                Map.of("oidc", Map.of("issuer", cluster.issuer())),
                cluster.status(),
                Map.of(
                        "data",
                        Base64.getEncoder()
                                .encodeToString(
                                        cluster.certificateAuthority()
                                                .getBytes(StandardCharsets.UTF_8))),
                PLATFORM_VERSION,
                cluster.tags(),
                Map.of("issues", List.of()),
                Map.of("authenticationMode", "API_AND_CONFIG_MAP"),
                Map.of("supportType", "STANDARD"),
                false);
    }

    private record Clusters(List<String> clusters, @Nullable String nextToken) {}

    private record Versions(List<Version> clusterVersions, @Nullable String nextToken) {}

    private record Version(
            String clusterVersion,
            String clusterType,
            String defaultPlatformVersion,
            boolean defaultVersion,
            String status,
            String versionStatus) {}

    /// The shape `Cluster`. What Monopod does not have, such as `connectorConfig`, is absent: tools
    /// refuse a cluster that has it.
    @JsonInclude(JsonInclude.Include.ALWAYS)
    private record Body(
            String name,
            String arn,
            Instant createdAt,
            String version,
            String endpoint,
            String roleArn,
            ClusterDescription.Vpc resourcesVpcConfig,
            ClusterDescription.Network kubernetesNetworkConfig,
            Map<String, ?> logging,
            Map<String, ?> identity,
            Status status,
            Map<String, String> certificateAuthority,
            String platformVersion,
            Map<String, String> tags,
            Map<String, ?> health,
            Map<String, String> accessConfig,
            Map<String, String> upgradePolicy,
            boolean deletionProtection) {}
}
