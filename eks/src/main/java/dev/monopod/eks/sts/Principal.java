package dev.monopod.eks.sts;

/// Who wants to act as a role.
public sealed interface Principal {
    /// A user or a session of this STS.
    ///
    /// @param arn as `sts get-caller-identity` says it
    record Aws(String accountId, String arn) implements Principal {}

    /// Who has a token of an identity provider.
    ///
    /// @param providerArn such as `arn:aws:iam::ACCOUNT:oidc-provider/ISSUER`
    record Federated(String providerArn) implements Principal {}

    /// A service of AWS, which acts for somebody.
    ///
    /// @param name such as `pods.eks.amazonaws.com`
    record Service(String name) implements Principal {}
}
