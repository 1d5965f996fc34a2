package dev.monopod.model.profile;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// What a profile must fulfil. Source: the user guide's "Fargate profile", rows F14, F16, F21, F22.
public final class ProfileRules {
    public static final int MOST_SELECTORS = 5;
    public static final int MOST_LABELS = 5;
    public static final int LONGEST_NAME = 100;

    private static final Pattern NAME = Pattern.compile("[0-9A-Za-z][A-Za-z0-9_-]*");
    private static final String RESERVED_PREFIX = "eks-";
    private static final Set<String> EXCLUDED_REGIONS =
            Set.of("cn-north-1", "cn-northwest-1", "us-gov-east-1", "us-gov-west-1");

    private ProfileRules() {}

    /// What the profile's own words break; empty if nothing.
    public static List<Violation> check(Profile profile) {
        List<Violation> violations = new ArrayList<>();
        name(profile.name(), violations);
        var count = profile.selectors().size();
        if (count < 1 || count > MOST_SELECTORS) {
            violations.add(
                    new Violation(
                            "spec.selectors",
                            "A Fargate profile has 1 to "
                                    + MOST_SELECTORS
                                    + " selectors, this one has "
                                    + count));
        }
        for (var index = 0; index < count; index++) {
            selector(profile.selectors().get(index), "spec.selectors[" + index + "]", violations);
        }
        if (profile.subnets().isEmpty()) {
            violations.add(
                    new Violation("spec.subnets", "A Fargate profile needs a private subnet"));
        }
        return List.copyOf(violations);
    }

    /// Whether a profile may have this name beside the others of the cluster; empty if it may.
    public static List<Violation> checkName(String name, Collection<String> others) {
        return others.contains(name)
                ? List.of(
                        new Violation(
                                "metadata.name",
                                "A Fargate Profile already exists with this name in this cluster."))
                : List.of();
    }

    /// Whether there is room for one more profile beside so many others; empty if there is.
    public static List<Violation> checkCount(int others, ProfileQuota quota) {
        return others < quota.profiles()
                ? List.of()
                : List.of(
                        new Violation(
                                "metadata",
                                "A cluster has at most "
                                        + quota.profiles()
                                        + " Fargate profiles, this one has "
                                        + others
                                        + " already; delete one of them first, or raise the quota"
                                        + " (MONOPOD_PROFILE_QUOTA, the controller's"
                                        + " --profile-quota)"));
    }

    /// What the profile's subnets and their VPC break; empty if nothing.
    public static List<Violation> checkNetwork(
            Profile profile, Map<String, SubnetFacts> subnets, Map<String, VpcFacts> vpcs) {
        List<Violation> violations = new ArrayList<>();
        String firstVpc = null;
        for (var index = 0; index < profile.subnets().size(); index++) {
            var name = profile.subnets().get(index);
            var path = "spec.subnets[" + index + "]";
            var subnet = subnets.get(name);
            if (subnet == null) {
                violations.add(new Violation(path, "The subnet ID '" + name + "' does not exist"));
                continue;
            }
            subnet(subnet, path, violations);
            if (firstVpc == null) {
                firstVpc = subnet.vpc();
                vpc(subnet.vpc(), vpcs.get(subnet.vpc()), violations);
            } else if (!firstVpc.equals(subnet.vpc())) {
                violations.add(
                        new Violation(
                                path,
                                "Subnets of a Fargate profile lie in one VPC, "
                                        + name
                                        + " lies in "
                                        + subnet.vpc()
                                        + ", not in "
                                        + firstVpc));
            }
        }
        return List.copyOf(violations);
    }

    private static void name(String name, List<Violation> violations) {
        if (name.startsWith(RESERVED_PREFIX)) {
            violations.add(
                    new Violation(
                            "metadata.name",
                            "The fargate profile name starts with the reserved prefix: 'eks-'."));
        }
        if (name.length() > LONGEST_NAME || !NAME.matcher(name).matches()) {
            violations.add(
                    new Violation(
                            "metadata.name",
                            "A Fargate profile's name matches "
                                    + NAME.pattern()
                                    + " and has at most "
                                    + LONGEST_NAME
                                    + " characters, not '"
                                    + name
                                    + "'"));
        }
    }

    private static void selector(Selector selector, String path, List<Violation> violations) {
        if (selector.namespace().isBlank()) {
            violations.add(new Violation(path + ".namespace", "A selector needs a namespace"));
        }
        if (selector.labels().size() > MOST_LABELS) {
            violations.add(
                    new Violation(
                            path + ".labels",
                            "A selector has at most "
                                    + MOST_LABELS
                                    + " labels, this one has "
                                    + selector.labels().size()));
        }
    }

    private static void subnet(SubnetFacts subnet, String path, List<Violation> violations) {
        var opening = "Subnet " + subnet.name() + " provided in Fargate Profile ";
        switch (subnet.reach()) {
            case PRIVATE -> {}
            case PUBLIC -> violations.add(new Violation(path, opening + "is not a private subnet"));
        }
        switch (subnet.place()) {
            case AVAILABILITY_ZONE -> {}
            case LOCAL_ZONE ->
                    violations.add(
                            new Violation(path, opening + "is in a Local Zone, not supported"));
            case WAVELENGTH_ZONE ->
                    violations.add(
                            new Violation(
                                    path, opening + "is in a Wavelength Zone, not supported"));
            case OUTPOST ->
                    violations.add(
                            new Violation(path, opening + "is on an Outpost, not supported"));
        }
    }

    private static void vpc(String name, @Nullable VpcFacts vpc, List<Violation> violations) {
        if (vpc == null) {
            violations.add(
                    new Violation("spec.subnets", "The vpc ID '" + name + "' does not exist"));
            return;
        }
        if (EXCLUDED_REGIONS.contains(vpc.region())) {
            violations.add(
                    new Violation(
                            "spec.subnets",
                            "Fargate profiles are not supported in region " + vpc.region()));
        }
        for (var setting : VpcFacts.Dns.values()) {
            if (!vpc.enabled().contains(setting)) {
                violations.add(
                        new Violation(
                                "spec.subnets",
                                "Fargate needs "
                                        + setting.field()
                                        + " of VPC "
                                        + name
                                        + " to be true, it is false"));
            }
        }
    }
}
