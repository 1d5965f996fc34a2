package dev.monopod.eks.operations;

import java.time.Instant;
import java.util.List;
import java.util.Map;

/// The cluster as DescribeCluster tells it.
///
/// @param arn `arn:aws:eks:REGION:ACCOUNT:cluster/NAME`; profiles get its region and account
/// @param version major and minor, `1.36`
/// @param endpoint URL of the API server, as callers of this API reach it
/// @param certificateAuthority PEM of who signed the API server's certificate
/// @param roleArn of the cluster's own role
/// @param issuer URL of the tokens of service accounts
public record ClusterDescription(
        String name,
        String arn,
        Instant createdAt,
        Status status,
        String version,
        String endpoint,
        String certificateAuthority,
        String roleArn,
        Vpc vpc,
        Network network,
        String issuer,
        Map<String, String> tags) {
    private static final int REGION = 3;
    private static final int ACCOUNT = 4;
    private static final int PARTS = 6;

    /// EKS' names. A profile can be made in an ACTIVE cluster only.
    public enum Status {
        CREATING,
        ACTIVE,
        DELETING,
        FAILED,
        UPDATING
    }

    /// Where the cluster's machines are.
    ///
    /// @param vpcId name of the Vpc object; a profile that names no subnet gets the private ones of
    ///   this VPC
    public record Vpc(
            String vpcId,
            List<String> subnetIds,
            List<String> securityGroupIds,
            String clusterSecurityGroupId,
            boolean endpointPublicAccess,
            boolean endpointPrivateAccess,
            List<String> publicAccessCidrs) {
        public Vpc {
            subnetIds = List.copyOf(subnetIds);
            securityGroupIds = List.copyOf(securityGroupIds);
            publicAccessCidrs = List.copyOf(publicAccessCidrs);
        }
    }

    /// @param serviceIpv4Cidr range of the Services
    /// @param ipFamily `ipv4`
    public record Network(String serviceIpv4Cidr, String ipFamily) {}

    public ClusterDescription {
        tags = Map.copyOf(tags);
        if (arn.split(":", -1).length != PARTS) {
            throw new IllegalArgumentException(
                    "the ARN of a cluster has " + PARTS + " parts, not as " + arn);
        }
    }

    /// Of a Fargate profile of this cluster.
    ///
    /// @param uid of its object
    String profileArn(String profile, String uid) {
        var parts = arn.split(":", -1);
        return "arn:%s:eks:%s:%s:fargateprofile/%s/%s/%s"
                .formatted(parts[1], parts[REGION], parts[ACCOUNT], name, profile, uid);
    }

    /// Of a pod identity association of this cluster.
    String associationArn(String id) {
        var parts = arn.split(":", -1);
        return "arn:%s:eks:%s:%s:podidentityassociation/%s/%s"
                .formatted(parts[1], parts[REGION], parts[ACCOUNT], name, id);
    }

    /// Twelve digits.
    String account() {
        return arn.split(":", -1)[ACCOUNT];
    }
}
