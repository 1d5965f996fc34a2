package dev.monopod.controller;

import dev.monopod.eks.sts.ExecutionRoles;
import dev.monopod.eks.sts.ExecutionRoles.Definition;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import java.util.Map;

/// Roles as an operator defines them, and what is asked of those that profiles name.
public final class TestRoles {
    public static final ExecutionRoles OPTIONAL = roles(Definition.OPTIONAL);
    public static final ExecutionRoles REQUIRED = roles(Definition.REQUIRED);

    /// In parentheses of the sentences about it.
    public static final String UNTRUSTED =
            "arn:aws:iam::111122223333:role/pods does not trust it with sts:AssumeRole";

    private TestRoles() {}

    private static ExecutionRoles roles(Definition definition) {
        return new ExecutionRoles(
                definition,
                "111122223333",
                profile ->
                        "arn:aws:eks:us-west-2:111122223333:fargateprofile/c1/%s/u1"
                                .formatted(profile.getMetadata().getName()));
    }

    /// `arn:aws:iam::111122223333:role/pods`.
    ///
    /// @param service whom it trusts
    public static ConfigMap pods(String service) {
        return new ConfigMapBuilder()
                .withNewMetadata()
                .withNamespace("kube-system")
                .withName("pods")
                .addToLabels("monopod.dev/iam-role", "true")
                .endMetadata()
                .withData(
                        Map.of(
                                "arn",
                                "arn:aws:iam::111122223333:role/pods",
                                "trust-policy.json",
                                """
                                {"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole",
                                               "Principal": {"Service": "%s.amazonaws.com"},
                                               "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:eks:us-west-2:111122223333:fargateprofile/c1/*"}}}}
                                """
                                        .formatted(service)))
                .build();
    }
}
