package dev.monopod.kube.mapping;

import dev.monopod.kube.api.FargateProfile;
import dev.monopod.kube.api.FargateProfileSpec;
import dev.monopod.kube.api.FargateProfileStatus.Phase;
import dev.monopod.kube.api.Subnet;
import dev.monopod.kube.api.SubnetSpec;
import dev.monopod.kube.api.Vpc;
import dev.monopod.model.profile.Profile;
import dev.monopod.model.profile.Profile.UnsupportedPods;
import dev.monopod.model.profile.Selector;
import dev.monopod.model.profile.SubnetFacts;
import dev.monopod.model.profile.SubnetFacts.Place;
import dev.monopod.model.profile.SubnetFacts.Reach;
import dev.monopod.model.profile.VpcFacts;
import dev.monopod.model.profile.VpcFacts.Dns;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Profiles, subnets and VPCs as the model's rules see them.
public final class Profiles {
    private Profiles() {}

    /// The profile under its EKS name.
    public static Profile of(FargateProfile profile) {
        var spec = profile.getSpec();
        return new Profile(
                name(profile),
                orEmpty(spec.selectors()).stream().map(Profiles::selector).toList(),
                orEmpty(spec.subnets()),
                spec.unsupportedPods() == FargateProfileSpec.UnsupportedPods.Pending
                        ? UnsupportedPods.PENDING
                        : UnsupportedPods.REJECT);
    }

    /// Those that take pods: ACTIVE and not being deleted.
    public static List<Profile> active(List<FargateProfile> profiles) {
        return profiles.stream()
                .filter(profile -> isIn(profile, Phase.ACTIVE))
                .map(Profiles::of)
                .toList();
    }

    /// Those about which admission must be asked: the ACTIVE ones, and those that become so.
    public static List<Profile> admitted(List<FargateProfile> profiles) {
        return profiles.stream()
                .filter(profile -> isIn(profile, Phase.CREATING) || isIn(profile, Phase.ACTIVE))
                .map(Profiles::of)
                .toList();
    }

    /// The name that EKS and the pod's label know; the object's own name cannot hold all of EKS'
    /// characters.
    public static String name(FargateProfile profile) {
        @Nullable FargateProfileSpec spec = profile.getSpec();
        return spec == null || spec.profileName() == null
                ? Objects.requireNonNullElse(profile.getMetadata().getName(), "")
                : spec.profileName();
    }

    /// The subnet's place and reach.
    public static SubnetFacts of(Subnet subnet) {
        var spec = subnet.getSpec();
        return new SubnetFacts(
                subnet.getMetadata().getName(),
                spec.vpc(),
                place(spec),
                isPublic(subnet) ? Reach.PUBLIC : Reach.PRIVATE);
    }

    /// Whether a route leads to an internet gateway.
    public static boolean isPublic(Subnet subnet) {
        return orEmpty(subnet.getSpec().routes()).stream()
                .anyMatch(route -> route.target() == SubnetSpec.Target.igw);
    }

    /// The VPC's region and DNS settings; both are on unless switched off.
    public static VpcFacts of(Vpc vpc) {
        Set<Dns> enabled = EnumSet.allOf(Dns.class);
        if (Boolean.FALSE.equals(vpc.getSpec().enableDnsSupport())) {
            enabled.remove(Dns.RESOLUTION);
        }
        if (Boolean.FALSE.equals(vpc.getSpec().enableDnsHostnames())) {
            enabled.remove(Dns.HOSTNAMES);
        }
        return new VpcFacts(vpc.getMetadata().getName(), vpc.getSpec().region(), enabled);
    }

    private static boolean isIn(FargateProfile profile, Phase phase) {
        return profile.getStatus() != null
                && profile.getStatus().phase() == phase
                && profile.getMetadata().getDeletionTimestamp() == null;
    }

    private static Place place(SubnetSpec spec) {
        if (spec.outpostArn() != null && !spec.outpostArn().isEmpty()) {
            return Place.OUTPOST;
        }
        return switch (Objects.requireNonNullElse(spec.zoneType(), "")) {
            case "local-zone" -> Place.LOCAL_ZONE;
            case "wavelength-zone" -> Place.WAVELENGTH_ZONE;
            default -> Place.AVAILABILITY_ZONE;
        };
    }

    private static Selector selector(FargateProfileSpec.Selector selector) {
        return new Selector(
                Objects.requireNonNullElse(selector.namespace(), ""),
                selector.labels() == null ? Map.of() : selector.labels());
    }

    private static <T> List<T> orEmpty(@Nullable List<T> list) {
        return list == null ? List.of() : list;
    }
}
