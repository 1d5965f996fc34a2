package dev.monopod.eks.operations;

import dev.monopod.kube.api.FargateProfile;
import dev.monopod.kube.api.FargateProfileSpec;
import dev.monopod.kube.api.FargateProfileStatus;
import dev.monopod.kube.api.FargateProfileStatus.Phase;
import dev.monopod.kube.mapping.Profiles;
import dev.monopod.model.profile.ProfileQuota;
import dev.monopod.model.profile.ProfileRules;
import dev.monopod.model.profile.SubnetFacts;
import dev.monopod.model.profile.SubnetFacts.Place;
import dev.monopod.model.profile.SubnetFacts.Reach;
import dev.monopod.model.profile.Violation;
import dev.monopod.model.profile.VpcFacts;
import dev.monopod.model.profile.VpcFacts.Dns;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Profiles in memory, under the rules that the webhook asks. Nothing becomes ACTIVE, and nothing
/// goes, unless a test says so.
final class FakeProfileStore implements ProfileStore {
    static final String CREATED = "2026-11-29T09:00:00Z";

    private static final Map<String, SubnetFacts> SUBNETS =
            Stream.of(
                            new SubnetFacts(
                                    "private-a", "default", Place.AVAILABILITY_ZONE, Reach.PRIVATE),
                            new SubnetFacts(
                                    "private-b", "default", Place.AVAILABILITY_ZONE, Reach.PRIVATE),
                            new SubnetFacts(
                                    "public-a", "default", Place.AVAILABILITY_ZONE, Reach.PUBLIC))
                    .collect(Collectors.toMap(SubnetFacts::name, subnet -> subnet));

    private final Map<String, FargateProfile> objects = new HashMap<>();
    private int made;
    private Optional<KubernetesClientException> failure = Optional.empty();
    private Runnable beforeCreation = () -> {};

    /// Every call fails so from now on.
    void fail(KubernetesClientException with) {
        failure = Optional.of(with);
    }

    /// What another process does after this one has looked.
    void beforeCreation(Runnable act) {
        beforeCreation = act;
    }

    void work() {
        failure = Optional.empty();
    }

    FargateProfile object(String name) {
        return list().stream()
                .filter(profile -> Profiles.name(profile).equals(name))
                .findFirst()
                .orElseThrow();
    }

    /// What kubectl makes.
    void apply(String objectName, FargateProfileSpec spec, Map<String, String> annotations) {
        var profile = new FargateProfile();
        profile.setMetadata(
                new ObjectMetaBuilder()
                        .withName(objectName)
                        .withUid("uid-" + ++made)
                        .withCreationTimestamp(CREATED)
                        .withAnnotations(annotations)
                        .build());
        profile.setSpec(spec);
        objects.put(objectName, profile);
    }

    /// What the controller says of a profile.
    void status(String name, Phase phase, @Nullable String message) {
        object(name).setStatus(new FargateProfileStatus(phase, null, message, 1L, null));
    }

    /// The last of a profile.
    void remove(String name) {
        objects.remove(object(name).getMetadata().getName());
    }

    @Override
    public List<FargateProfile> list() {
        check();
        return List.copyOf(objects.values());
    }

    @Override
    public List<String> privateSubnets(String vpc) {
        check();
        return SUBNETS.values().stream()
                .filter(subnet -> subnet.vpc().equals(vpc) && subnet.reach() == Reach.PRIVATE)
                .map(SubnetFacts::name)
                .sorted()
                .toList();
    }

    @Override
    public Creation create(Draft draft) {
        check();
        beforeCreation.run();
        var name =
                ObjectName.fits(draft.name()) && !objects.containsKey(draft.name())
                        ? draft.name()
                        : ObjectName.derived(draft.name());
        if (list().stream().anyMatch(other -> Profiles.name(other).equals(draft.name()))) {
            return new Creation.Taken();
        }
        var excess = ProfileRules.checkCount(objects.size(), ProfileQuota.OF_EKS);
        if (!excess.isEmpty()) {
            return new Creation.OverQuota(excess.getFirst().message());
        }
        var profile = new FargateProfile();
        profile.setMetadata(new ObjectMetaBuilder().withName(name).build());
        profile.setSpec(draft.spec());
        List<Violation> violations = new ArrayList<>(ProfileRules.check(Profiles.of(profile)));
        violations.addAll(
                ProfileRules.checkNetwork(
                        Profiles.of(profile),
                        SUBNETS,
                        Map.of(
                                "default",
                                new VpcFacts("default", "us-west-2", EnumSet.allOf(Dns.class)))));
        if (!violations.isEmpty()) {
            return new Creation.Invalid(
                    violations.stream().map(Violation::message).collect(Collectors.joining("; ")));
        }
        apply(name, draft.spec(), draft.annotations());
        return new Creation.Created(objects.get(name));
    }

    @Override
    public void delete(FargateProfile profile) {
        check();
        Optional.ofNullable(objects.get(profile.getMetadata().getName()))
                .ifPresent(found -> found.getMetadata().setDeletionTimestamp(CREATED));
    }

    @Override
    public Retagging retag(FargateProfile profile, Map<String, String> set, Set<String> removed) {
        check();
        var found = objects.get(profile.getMetadata().getName());
        if (found == null || !found.getMetadata().getUid().equals(profile.getMetadata().getUid())) {
            return new Retagging.Gone();
        }
        var spec = found.getSpec();
        Map<String, String> tags = new HashMap<>(ProfileView.tags(found));
        tags.putAll(set);
        tags.keySet().removeAll(removed);
        found.setSpec(
                new FargateProfileSpec(
                        spec.profileName(),
                        spec.selectors(),
                        spec.subnets(),
                        spec.podExecutionRoleArn(),
                        tags,
                        spec.unsupportedPods()));
        return new Retagging.Retagged();
    }

    private void check() {
        failure.ifPresent(with -> {
            throw with;
        });
    }
}
