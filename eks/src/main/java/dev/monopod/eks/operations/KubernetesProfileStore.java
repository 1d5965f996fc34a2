package dev.monopod.eks.operations;

import static dev.monopod.kube.mapping.Profiles.name;

import dev.monopod.kube.api.FargateProfile;
import dev.monopod.kube.api.FargateProfileSpec;
import dev.monopod.kube.api.Subnet;
import dev.monopod.kube.client.ApiCode;
import dev.monopod.kube.client.Patches;
import dev.monopod.kube.mapping.Profiles;
import dev.monopod.model.profile.SubnetFacts;
import dev.monopod.model.profile.SubnetFacts.Place;
import dev.monopod.model.profile.SubnetFacts.Reach;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Profiles as objects of the cluster. The rules are those of the objects: webhooks and definitions
/// refuse, and this tells what they said.
public final class KubernetesProfileStore implements ProfileStore {
    private static final String UID = "metadata.uid";

    private final KubernetesClient client;
    private final Patches patches;

    public KubernetesProfileStore(KubernetesClient client) {
        this.client = client;
        this.patches = new Patches(client);
    }

    @Override
    public List<FargateProfile> list() {
        return client.resources(FargateProfile.class).list().getItems();
    }

    @Override
    public List<String> privateSubnets(String vpc) {
        return client.resources(Subnet.class).list().getItems().stream()
                .map(Profiles::of)
                .filter(subnet -> vpc.equals(subnet.vpc()))
                .filter(subnet -> subnet.reach() == Reach.PRIVATE)
                .filter(subnet -> subnet.place() == Place.AVAILABILITY_ZONE)
                .map(SubnetFacts::name)
                .sorted()
                .toList();
    }

    @Override
    public Creation create(Draft draft) {
        var profile = new FargateProfile();
        var objectName = objectName(draft.name());
        profile.setMetadata(
                new ObjectMetaBuilder()
                        .withName(objectName)
                        .withAnnotations(draft.annotations())
                        .build());
        var spec = draft.spec();
        profile.setSpec(
                new FargateProfileSpec(
                        objectName.equals(draft.name()) ? null : draft.name(),
                        spec.selectors(),
                        spec.subnets(),
                        spec.podExecutionRoleArn(),
                        spec.tags(),
                        spec.unsupportedPods()));
        try {
            return new Creation.Created(client.resource(profile).create());
        } catch (KubernetesClientException refusal) {
            if (ApiCode.CONFLICT.in(refusal)) {
                return new Creation.Taken();
            }
            if (ApiCode.INVALID.in(refusal)) {
                return new Creation.Invalid(Words.of(refusal));
            }
            if (ApiCode.FORBIDDEN.in(refusal) && Words.ofWebhook(refusal)) {
                return new Creation.OverQuota(Words.of(refusal));
            }
            throw refusal;
        }
    }

    @Override
    public void delete(FargateProfile profile) {
        var unused =
                client.resources(FargateProfile.class)
                        .withName(profile.getMetadata().getName())
                        .delete();
    }

    @Override
    public Retagging retag(FargateProfile profile, Map<String, String> set, Set<String> removed) {
        Map<String, @Nullable String> tags = new HashMap<>(set);
        removed.forEach(key -> tags.put(key, null));
        try {
            var unused =
                    patches.merge(
                            profile,
                            Map.of(
                                    "metadata",
                                    Map.of("uid", profile.getMetadata().getUid()),
                                    "spec",
                                    Map.of("tags", tags)));
            return new Retagging.Retagged();
        } catch (KubernetesClientException refusal) {
            // The UID is refused as one that must not change: the name is another one's now.
            if (ApiCode.NOT_FOUND.in(refusal) || Words.speakOf(UID, refusal)) {
                return new Retagging.Gone();
            }
            if (ApiCode.INVALID.in(refusal)) {
                return new Retagging.Invalid(Words.of(refusal));
            }
            throw refusal;
        }
    }

    /// The profile's own, if an object can have it and none has; one made by kubectl may have it
    /// and stand for another profile.
    private String objectName(String profile) {
        if (!ObjectName.fits(profile)) {
            return ObjectName.derived(profile);
        }
        @Nullable FargateProfile holder =
                client.resources(FargateProfile.class).withName(profile).get();
        return holder == null || name(holder).equals(profile)
                ? profile
                : ObjectName.derived(profile);
    }
}
