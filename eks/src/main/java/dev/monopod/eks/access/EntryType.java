package dev.monopod.eks.access;

import dev.monopod.eks.access.Principal.Kind;
import java.util.List;

/// What the principal of an access entry is for.
public enum EntryType {
    STANDARD,
    EC2_LINUX("system:node:{{EC2PrivateDNSName}}", "system:nodes"),
    EC2_WINDOWS("system:node:{{EC2PrivateDNSName}}", "eks:kube-proxy-windows", "system:nodes"),
    FARGATE_LINUX(
            "system:node:{{SessionName}}",
            "system:bootstrappers",
            "system:nodes",
            "system:node-proxier"),
    HYBRID_LINUX("system:node:{{SessionName}}", "system:nodes");

    private final String username;
    private final List<String> groups;

    EntryType() {
        this("");
    }

    EntryType(String username, String... groups) {
        this.username = username;
        this.groups = List.of(groups);
    }

    /// What EKS calls the principal if nobody chose a name.
    String defaultUsername(Principal principal) {
        if (this != STANDARD) {
            return username;
        }
        return principal.kind() == Kind.ROLE
                ? principal.sessions() + "{{SessionName}}"
                : principal.arn();
    }

    /// Those that EKS itself gives: none of `STANDARD`.
    List<String> groups() {
        return groups;
    }
}
