package dev.monopod.eks.operations;

import dev.monopod.eks.operations.Faults.Limit;
import dev.monopod.eks.operations.ProfileStore.Retagging;
import dev.monopod.eks.podidentity.Association;
import dev.monopod.kube.api.FargateProfile;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The operations on tags, of Fargate profiles and pod identity associations; those of the cluster
/// can be read. Errors are the two that EKS declares for them. Thread-safe.
final class TagOperations {
    private static final int PARTS = 6;
    private static final int PROFILE_NAME = 2;
    private static final int PROFILE_PARTS = 4;

    private final Supplier<ClusterDescription> cluster;
    private final ProfileOperations profiles;
    private final ProfileStore store;
    private final PodIdentityOperations identities;

    TagOperations(
            Supplier<ClusterDescription> cluster,
            ProfileOperations profiles,
            ProfileStore store,
            PodIdentityOperations identities) {
        this.cluster = cluster;
        this.profiles = profiles;
        this.store = store;
        this.identities = identities;
    }

    /// The body of TagResource.
    private record NewTags(@Nullable Map<String, @Nullable String> tags) {}

    Object list(Call call) {
        var arn = arn(call);
        return Map.of(
                "tags",
                arn.equals(cluster.get().arn()) ? cluster.get().tags() : tagged(arn).tags());
    }

    Object tag(Call call) {
        var tags = Json.read(call.body(), NewTags.class).tags();
        var faults = new Faults();
        faults.present("tags", tags);
        if (tags != null) {
            faults.tags("tags", tags, 1);
        }
        faults.refuseAs(Refusal.Kind.BAD_REQUEST);
        var resource = changeable(arn(call));
        Set<String> keys = new HashSet<>(resource.tags().keySet());
        Map<String, String> set = new HashMap<>();
        Objects.requireNonNull(tags)
                .forEach((key, value) -> {
                    keys.add(key);
                    set.put(key, Objects.requireNonNull(value));
                });
        if (keys.size() > Limit.MOST_TAGS) {
            throw badRequest(
                    "A resource has at most %d tags, this one would have %d"
                            .formatted(Limit.MOST_TAGS, keys.size()));
        }
        resource.retag(set, Set.of());
        return Map.of();
    }

    Object untag(Call call) {
        var keys = call.all("tagKeys");
        var faults = new Faults();
        faults.size("tagKeys", keys, keys.size(), 1, Limit.MOST_TAGS);
        keys.forEach(key -> faults.tagKey("tagKeys.member", key));
        faults.refuseAs(Refusal.Kind.BAD_REQUEST);
        changeable(arn(call)).retag(Map.of(), Set.copyOf(keys));
        return Map.of();
    }

    private void retag(FargateProfile profile, Map<String, String> set, Set<String> removed) {
        switch (store.retag(profile, set, removed)) {
            case Retagging.Retagged() -> {}
            case Retagging.Gone() -> throw notFound(ProfileView.arn(profile, cluster.get()));
            case Retagging.Invalid(String message) -> throw badRequest(message);
        }
    }

    private Tagged changeable(String arn) {
        if (arn.equals(cluster.get().arn())) {
            throw badRequest(
                    "The tags of cluster "
                            + cluster.get().name()
                            + " are fixed; those of its Fargate profiles and pod identity"
                            + " associations can be changed");
        }
        return tagged(arn);
    }

    /// What has tags that can be changed.
    private sealed interface Tagged {
        Map<String, String> tags();

        void retag(Map<String, String> set, Set<String> removed);
    }

    private final class TaggedProfile implements Tagged {
        private final FargateProfile profile;

        TaggedProfile(FargateProfile profile) {
            this.profile = profile;
        }

        @Override
        public Map<String, String> tags() {
            return ProfileView.tags(profile);
        }

        @Override
        public void retag(Map<String, String> set, Set<String> removed) {
            TagOperations.this.retag(profile, set, removed);
        }
    }

    private final class TaggedAssociation implements Tagged {
        private final Association association;

        TaggedAssociation(Association association) {
            this.association = association;
        }

        @Override
        public Map<String, String> tags() {
            return new TreeMap<>(association.tags());
        }

        @Override
        public void retag(Map<String, String> set, Set<String> removed) {
            identities.retag(
                    association,
                    before -> {
                        Map<String, String> after = new HashMap<>(before);
                        after.putAll(set);
                        after.keySet().removeAll(removed);
                        return after;
                    });
        }
    }

    private Tagged tagged(String arn) {
        return identities
                .ofArn(arn, cluster.get())
                .<Tagged>map(TaggedAssociation::new)
                .orElseGet(() -> new TaggedProfile(profile(arn)));
    }

    private FargateProfile profile(String arn) {
        var resource = List.of(arn.split(":", PARTS)[PARTS - 1].split("/", -1));
        if (resource.size() != PROFILE_PARTS) {
            throw notFound(arn);
        }
        return profiles.find(resource.get(PROFILE_NAME))
                .filter(profile -> ProfileView.arn(profile, cluster.get()).equals(arn))
                .orElseThrow(() -> notFound(arn));
    }

    private static String arn(Call call) {
        var arn = call.variable("resourceArn");
        if (!arn.startsWith("arn:") || arn.split(":", PARTS).length != PARTS) {
            throw badRequest(
                    "The resource ARN '"
                            + arn
                            + "' is invalid; it looks like"
                            + " arn:aws:eks:REGION:ACCOUNT:fargateprofile/CLUSTER/NAME/ID");
        }
        return arn;
    }

    private static Refusal notFound(String arn) {
        return Refusal.of(Refusal.Kind.NOT_FOUND, "No resource found for ARN: " + arn + ".");
    }

    private static Refusal badRequest(String message) {
        return Refusal.of(Refusal.Kind.BAD_REQUEST, message);
    }
}
