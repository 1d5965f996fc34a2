package dev.monopod.controller.profile;

import dev.monopod.eks.sts.ExecutionRoles;
import dev.monopod.eks.sts.ExecutionRoles.Definition;
import dev.monopod.model.profile.ProfileQuota;
import picocli.CommandLine.Option;

/// What the operator decided about profiles.
public final class ProfileOptions {
    @Option(
            names = "--profile-quota",
            defaultValue = "" + ProfileQuota.DEFAULT,
            description = "how many Fargate profiles the cluster may have")
    private int quota;

    @Option(
            names = "--execution-roles",
            defaultValue = "OPTIONAL",
            description =
                    "whether profiles need pod execution roles of this cluster: ${COMPLETION-CANDIDATES}")
    private Definition roles = Definition.OPTIONAL;

    public ProfileQuota quota() {
        return new ProfileQuota(quota);
    }

    public ExecutionRoles roles(ProfileLifecycle.Arn arn) {
        return new ExecutionRoles(roles, arn.account(), arn::of);
    }
}
