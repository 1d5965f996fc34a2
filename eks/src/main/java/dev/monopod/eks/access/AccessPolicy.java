package dev.monopod.eks.access;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/// EKS' access policies, sorted as it lists them.
public enum AccessPolicy {
    ADMIN("AmazonEKSAdminPolicy"),
    ADMIN_VIEW("AmazonEKSAdminViewPolicy"),
    CLUSTER_ADMIN("AmazonEKSClusterAdminPolicy"),
    EDIT("AmazonEKSEditPolicy"),
    VIEW("AmazonEKSViewPolicy");

    private final String policyName;

    AccessPolicy(String policyName) {
        this.policyName = policyName;
    }

    public String policyName() {
        return policyName;
    }

    /// @param partition such as `aws`
    public String arn(String partition) {
        return "arn:%s:eks::aws:cluster-access-policy/%s".formatted(partition, policyName);
    }

    /// Of the ClusterRole that has its rules.
    public String clusterRole() {
        return "monopod:eks:" + policyName;
    }

    /// @param partition that of the cluster: there are no others' policies
    static Optional<AccessPolicy> ofArn(String arn, String partition) {
        return Arrays.stream(values())
                .filter(policy -> policy.arn(partition).equals(arn))
                .findFirst();
    }

    static Optional<AccessPolicy> named(String name) {
        return Arrays.stream(values()).filter(policy -> policy.policyName.equals(name)).findFirst();
    }

    /// Ends the names of its bindings.
    String shortName() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
