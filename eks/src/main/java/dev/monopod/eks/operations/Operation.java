package dev.monopod.eks.operations;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// An operation of EKS, and where it is called.
///
/// @param path between the slashes; a variable stands in braces
record Operation(String name, String method, List<String> path) {
    /// All that EKS has. Source: botocore 1.44.8, data/eks/2017-11-01/service-2.json, `operations`.
    private static final String TABLE =
            """
            ActivateCertificateAuthority POST /clusters/{name}/certificate-authorities/{id}/activate
            AssociateAccessPolicy POST /clusters/{name}/access-entries/{principalArn}/access-policies
            AssociateEncryptionConfig POST /clusters/{name}/encryption-config/associate
            AssociateIdentityProviderConfig POST /clusters/{name}/identity-provider-configs/associate
            CancelUpdate POST /clusters/{name}/updates/{updateId}/cancel-update
            CreateAccessEntry POST /clusters/{name}/access-entries
            CreateAddon POST /clusters/{name}/addons
            CreateCapability POST /clusters/{name}/capabilities
            CreateCertificateAuthority POST /clusters/{name}/certificate-authorities
            CreateCluster POST /clusters
            CreateEksAnywhereSubscription POST /eks-anywhere-subscriptions
            CreateFargateProfile POST /clusters/{name}/fargate-profiles
            CreateNodegroup POST /clusters/{name}/node-groups
            CreatePodIdentityAssociation POST /clusters/{name}/pod-identity-associations
            DeleteAccessEntry DELETE /clusters/{name}/access-entries/{principalArn}
            DeleteAddon DELETE /clusters/{name}/addons/{addonName}
            DeleteCapability DELETE /clusters/{name}/capabilities/{capabilityName}
            DeleteCertificateAuthority DELETE /clusters/{name}/certificate-authorities/{id}
            DeleteCluster DELETE /clusters/{name}
            DeleteEksAnywhereSubscription DELETE /eks-anywhere-subscriptions/{id}
            DeleteFargateProfile DELETE /clusters/{name}/fargate-profiles/{fargateProfileName}
            DeleteNodegroup DELETE /clusters/{name}/node-groups/{nodegroupName}
            DeletePodIdentityAssociation DELETE /clusters/{name}/pod-identity-associations/{id}
            DeregisterCluster DELETE /cluster-registrations/{name}
            DescribeAccessEntry GET /clusters/{name}/access-entries/{principalArn}
            DescribeAddon GET /clusters/{name}/addons/{addonName}
            DescribeAddonConfiguration GET /addons/configuration-schemas
            DescribeAddonVersions GET /addons/supported-versions
            DescribeCapability GET /clusters/{name}/capabilities/{capabilityName}
            DescribeCertificateAuthority GET /clusters/{name}/certificate-authorities/{id}
            DescribeCluster GET /clusters/{name}
            DescribeClusterVersions GET /cluster-versions
            DescribeEksAnywhereSubscription GET /eks-anywhere-subscriptions/{id}
            DescribeFargateProfile GET /clusters/{name}/fargate-profiles/{fargateProfileName}
            DescribeIdentityProviderConfig POST /clusters/{name}/identity-provider-configs/describe
            DescribeInsight GET /clusters/{name}/insights/{id}
            DescribeInsightsRefresh GET /clusters/{name}/insights-refresh
            DescribeNodegroup GET /clusters/{name}/node-groups/{nodegroupName}
            DescribePodIdentityAssociation GET /clusters/{name}/pod-identity-associations/{id}
            DescribeUpdate GET /clusters/{name}/updates/{updateId}
            DisassociateAccessPolicy DELETE /clusters/{name}/access-entries/{principalArn}/access-policies/{arn}
            DisassociateIdentityProviderConfig POST /clusters/{name}/identity-provider-configs/disassociate
            ListAccessEntries GET /clusters/{name}/access-entries
            ListAccessPolicies GET /access-policies
            ListAddons GET /clusters/{name}/addons
            ListAssociatedAccessPolicies GET /clusters/{name}/access-entries/{principalArn}/access-policies
            ListCapabilities GET /clusters/{name}/capabilities
            ListCertificateAuthorities GET /clusters/{name}/certificate-authorities
            ListClusters GET /clusters
            ListEksAnywhereSubscriptions GET /eks-anywhere-subscriptions
            ListFargateProfiles GET /clusters/{name}/fargate-profiles
            ListIdentityProviderConfigs GET /clusters/{name}/identity-provider-configs
            ListInsights POST /clusters/{name}/insights
            ListNodegroups GET /clusters/{name}/node-groups
            ListPodIdentityAssociations GET /clusters/{name}/pod-identity-associations
            ListTagsForResource GET /tags/{resourceArn}
            ListUpdates GET /clusters/{name}/updates
            RegisterCluster POST /cluster-registrations
            StartInsightsRefresh POST /clusters/{name}/insights-refresh
            TagResource POST /tags/{resourceArn}
            UntagResource DELETE /tags/{resourceArn}
            UpdateAccessEntry POST /clusters/{name}/access-entries/{principalArn}
            UpdateAddon POST /clusters/{name}/addons/{addonName}/update
            UpdateCapability POST /clusters/{name}/capabilities/{capabilityName}
            UpdateClusterConfig POST /clusters/{name}/update-config
            UpdateClusterVersion POST /clusters/{name}/updates
            UpdateEksAnywhereSubscription POST /eks-anywhere-subscriptions/{id}
            UpdateNodegroupConfig POST /clusters/{name}/node-groups/{nodegroupName}/update-config
            UpdateNodegroupVersion POST /clusters/{name}/node-groups/{nodegroupName}/update-version
            UpdatePodIdentityAssociation POST /clusters/{name}/pod-identity-associations/{id}
            """;

    static final List<Operation> ALL = TABLE.lines().map(Operation::read).toList();

    Operation {
        path = List.copyOf(path);
    }

    /// An operation, and what a request has where its path has variables.
    record Called(Operation operation, Map<String, String> variables) {}

    /// The operation that a request calls.
    ///
    /// @param segments of its path, decoded
    static Optional<Called> called(String method, List<String> segments) {
        return ALL.stream()
                .filter(operation -> operation.method.equals(method))
                .flatMap(operation ->
                        operation
                                .variables(segments)
                                .map(variables -> new Called(operation, variables))
                                .stream())
                .findFirst();
    }

    private Optional<Map<String, String>> variables(List<String> segments) {
        if (segments.size() != path.size()) {
            return Optional.empty();
        }
        Map<String, String> variables = new HashMap<>();
        for (var index = 0; index < path.size(); index++) {
            var expected = path.get(index);
            var segment = segments.get(index);
            if (expected.startsWith("{") && !segment.isEmpty()) {
                variables.put(expected.substring(1, expected.length() - 1), segment);
            } else if (!expected.equals(segment)) {
                return Optional.empty();
            }
        }
        return Optional.of(variables);
    }

    private static Operation read(String line) {
        var words = line.split(" ", -1);
        return new Operation(words[0], words[1], List.of(words[2].substring(1).split("/", -1)));
    }
}
