package dev.monopod.controller.admission;

import dev.monopod.eks.sts.ExecutionRoles;
import dev.monopod.kube.api.FargateProfile;
import dev.monopod.kube.mapping.Profiles;
import dev.monopod.model.profile.Profile;
import dev.monopod.model.profile.ProfileOverlap;
import dev.monopod.model.profile.ProfileQuota;
import dev.monopod.model.profile.ProfileRules;
import dev.monopod.model.profile.SubnetFacts;
import dev.monopod.model.profile.Violation;
import dev.monopod.model.profile.VpcFacts;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;

/// Refuses a profile that EKS would refuse, in EKS' words. Source: rows F14, F16, F21, F22.
public final class ProfileValidation implements Webhook {
    private static final int FORBIDDEN = 403;
    private static final int CONFLICT = 409;
    private static final int INVALID = 422;

    private static final KubernetesSerialization SERIALIZATION = new KubernetesSerialization();

    private final ClusterReads reads;
    private final ProfileQuota quota;
    private final ExecutionRoles roles;

    public ProfileValidation(ClusterReads reads, ProfileQuota quota, ExecutionRoles roles) {
        this.reads = reads;
        this.quota = quota;
        this.roles = roles;
    }

    @Override
    public Verdict judge(Review review) {
        var object = SERIALIZATION.convertValue(review.object(), FargateProfile.class);
        var profile = Profiles.of(object);
        var own = Objects.requireNonNullElse(object.getMetadata().getName(), "");
        var others = others(own);
        var taken = ProfileRules.checkName(profile.name(), others);
        if (!taken.isEmpty()) {
            return new Verdict.Denied(CONFLICT, "Conflict", taken.getFirst().message());
        }
        var excess = ProfileRules.checkCount(others.size(), quota);
        if (isNew(own) && !excess.isEmpty()) {
            return new Verdict.Denied(FORBIDDEN, "Forbidden", excess.getFirst().message());
        }
        List<Violation> violations = new ArrayList<>(ProfileRules.check(profile));
        var subnets =
                reads.subnets().stream()
                        .map(Profiles::of)
                        .collect(Collectors.toMap(SubnetFacts::name, subnet -> subnet));
        var vpcs =
                reads.vpcs().stream()
                        .map(Profiles::of)
                        .collect(Collectors.toMap(VpcFacts::name, vpc -> vpc));
        violations.addAll(ProfileRules.checkNetwork(profile, subnets, vpcs));
        if (isNew(own)) {
            // One that exists may be written, and launches nothing while its role is wrong.
            roles.fault(object, reads.roles())
                    .map(fault -> new Violation("spec.podExecutionRoleArn", fault.ofCreation()))
                    .ifPresent(violations::add);
        }
        if (!violations.isEmpty()) {
            return new Verdict.Denied(INVALID, "Invalid", text(violations));
        }
        return new Verdict.Allowed(isNew(own) ? overlaps(profile) : List.of());
    }

    private List<String> overlaps(Profile profile) {
        return ProfileOverlap.of(profile, reads.profiles().stream().map(Profiles::of).toList());
    }

    private List<String> others(String own) {
        return reads.profiles().stream()
                .filter(other -> !other.getMetadata().getName().equals(own))
                .map(Profiles::name)
                .toList();
    }

    /// A profile that exists may be written even if there are too many, or it could not be deleted.
    private boolean isNew(String own) {
        return reads.profiles().stream()
                .noneMatch(profile -> profile.getMetadata().getName().equals(own));
    }

    private static String text(List<Violation> violations) {
        return violations.stream()
                .map(violation -> violation.message() + " (" + violation.fieldPath() + ")")
                .collect(Collectors.joining("; "));
    }
}
