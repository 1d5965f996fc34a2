package dev.monopod.eks.operations;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.monopod.eks.operations.ClusterDescription.Status;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// DescribeCluster, ListClusters and DescribeClusterVersions: there is one cluster, of one version.
/// As on EKS earlier versions are listed too: a release of eksctl does nothing at all where the
/// version that is its own default is none of them.
final class ClusterOperations {
    private static final String PLATFORM_VERSION = "eks.1";
    private static final String CLUSTER_TYPE = "eks";

    /// Minor versions before the cluster's that are listed: about those of the 26 months for which
    /// EKS supports each.
    private static final int EARLIER = 6;

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
        var own = cluster.get().version();
        var asked =
                offered(own).stream()
                        .filter(version -> asks(call, Version.of(version, own)))
                        .toList();
        var page = Page.of(asked, Page.Request.of(call, "cluster-versions"));
        return new Versions(
                page.names().stream().map(version -> Version.of(version, own)).toList(),
                page.nextToken());
    }

    /// Newest first.
    ///
    /// @param own such as `1.36`
    private static List<String> offered(String own) {
        var dot = own.indexOf('.') + 1;
        var newest = Integer.parseInt(own.substring(dot));
        return IntStream.rangeClosed(0, Math.min(EARLIER, newest))
                .mapToObj(before -> own.substring(0, dot) + (newest - before))
                .toList();
    }

    private static boolean asks(Call call, Version version) {
        return (call.all("clusterVersions").isEmpty()
                        || call.all("clusterVersions").contains(version.clusterVersion()))
                && call.first("clusterType").orElse(CLUSTER_TYPE).equals(CLUSTER_TYPE)
                && call.first("versionStatus")
                        .orElse(version.versionStatus())
                        .equals(version.versionStatus())
                && call.first("status").orElse(version.status()).equals(version.status())
                && (version.defaultVersion()
                        || !call.first("defaultOnly").orElse("false").equals("true"));
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

    /// @param status of the deprecated parameter and member: the same in other letters
    private record Version(
            String clusterVersion,
            String clusterType,
            String defaultPlatformVersion,
            boolean defaultVersion,
            String status,
            String versionStatus) {
        /// @param own that of the cluster, which is the default
        static Version of(String version, String own) {
            var isOwn = version.equals(own);
            return new Version(
                    version,
                    CLUSTER_TYPE,
                    PLATFORM_VERSION,
                    isOwn,
                    isOwn ? "standard-support" : "extended-support",
                    isOwn ? "STANDARD_SUPPORT" : "EXTENDED_SUPPORT");
        }
    }

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
