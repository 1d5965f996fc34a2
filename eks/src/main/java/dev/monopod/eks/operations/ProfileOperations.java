package dev.monopod.eks.operations;

import dev.monopod.eks.operations.ProfileStore.Creation;
import dev.monopod.eks.operations.ProfileStore.Draft;
import dev.monopod.kube.api.FargateProfile;
import dev.monopod.kube.api.FargateProfileStatus.Phase;
import dev.monopod.kube.mapping.Profiles;
import dev.monopod.model.names.Names;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The operations on Fargate profiles. As in EKS, one profile at a time is made or deleted; it is
/// asked of callers of this API only, not of who writes objects. Thread-safe.
final class ProfileOperations {
    static final String TOKEN = Names.OWN_PREFIX + "client-request-token";

    /// Of what the request with the token asked for.
    static final String TOKEN_DIGEST = Names.OWN_PREFIX + "client-request-digest";

    private static final Logger LOG = LoggerFactory.getLogger(ProfileOperations.class);

    private final ClusterOperations clusters;
    private final ProfileStore store;

    /// Held by who looks at the other profiles and then changes one. Another process may do so at
    /// the same time: of two profiles of a name one is still made only, as the objects hold.
    private final ReentrantLock changing = new ReentrantLock();

    ProfileOperations(ClusterOperations clusters, ProfileStore store) {
        this.clusters = clusters;
        this.store = store;
    }

    /// In this order: the cluster exists, the members have their form, the token is new, the name
    /// is free, the cluster is ACTIVE, no other profile is on its way, selectors, subnets.
    Object create(Call call) {
        var input = Json.read(call.body(), NewProfile.class);
        var cluster = clusters.named(call.variable("name"));
        input.checkForm();
        changing.lock();
        try {
            var all = store.list();
            var earlier = earlier(all, input);
            if (earlier.isPresent()) {
                return body(ProfileView.of(earlier.get(), cluster));
            }
            if (named(all, input.name()).isPresent()) {
                throw Refusal.nameTaken();
            }
            if (cluster.status() != ClusterDescription.Status.ACTIVE) {
                throw Refusal.clusterNotActive(cluster.name());
            }
            for (var other : all) {
                var phase = ProfileView.phase(other);
                if (phase == Phase.CREATING || phase == Phase.DELETING) {
                    throw Refusal.cannotCreateBeside(
                            cluster.name(), input.name(), Profiles.name(other), phase.name());
                }
            }
            input.checkSelectors();
            var made = create(input, cluster);
            LOG.info("{} made profile {}", call.caller().arn(), made.getMetadata().getName());
            return body(ProfileView.of(made, cluster));
        } finally {
            changing.unlock();
        }
    }

    Object describe(Call call) {
        var cluster = clusters.named(call.variable("name"));
        return body(ProfileView.of(existing(call, cluster), cluster));
    }

    Object list(Call call) {
        var unused = clusters.named(call.variable("name"));
        var page = Page.Request.of(call, "fargate-profiles");
        var names = store.list().stream().map(Profiles::name).distinct().sorted().toList();
        var found = Page.of(names, page);
        return new Listed(found.names(), found.nextToken());
    }

    /// One that is being deleted already is told as it is.
    Object delete(Call call) {
        var cluster = clusters.named(call.variable("name"));
        changing.lock();
        try {
            var profile = existing(call, cluster);
            if (!ProfileView.isDeleted(profile)) {
                var name = Profiles.name(profile);
                for (var other : store.list()) {
                    if (ProfileView.phase(other) == Phase.DELETING) {
                        throw Refusal.cannotDeleteBeside(
                                cluster.name(), name, Profiles.name(other));
                    }
                }
                store.delete(profile);
                LOG.info(
                        "{} deleted profile {}",
                        call.caller().arn(),
                        profile.getMetadata().getName());
            }
            return body(ProfileView.deleting(profile, cluster));
        } finally {
            changing.unlock();
        }
    }

    /// The profile of that name.
    Optional<FargateProfile> find(String name) {
        return named(store.list(), name);
    }

    private FargateProfile existing(Call call, ClusterDescription cluster) {
        var name = call.variable("fargateProfileName");
        return find(name).orElseThrow(() -> Refusal.noProfile(cluster.name(), name));
    }

    /// What the same request made before.
    ///
    /// @throws Refusal if the token was with another request
    private static Optional<FargateProfile> earlier(List<FargateProfile> all, NewProfile input) {
        var earlier =
                input.token()
                        .flatMap(token ->
                                all.stream()
                                        .filter(profile -> !ProfileView.isDeleted(profile))
                                        .filter(profile ->
                                                ProfileView.annotation(profile, TOKEN)
                                                        .filter(token::equals)
                                                        .isPresent())
                                        .findFirst());
        earlier.ifPresent(profile -> {
            var digest = ProfileView.annotation(profile, TOKEN_DIGEST);
            if (!digest.equals(Optional.of(input.digest()))) {
                throw Refusal.of(
                        Refusal.Kind.INVALID_REQUEST,
                        "The client request token "
                                + input.token().orElseThrow()
                                + " was used with other parameters, for Fargate profile "
                                + Profiles.name(profile)
                                + "; use a new token for a new request");
            }
        });
        return earlier;
    }

    private FargateProfile create(NewProfile input, ClusterDescription cluster) {
        Map<String, String> annotations = new HashMap<>();
        input.token()
                .ifPresent(token -> {
                    annotations.put(TOKEN, token);
                    annotations.put(TOKEN_DIGEST, input.digest());
                });
        var subnets = input.askedSubnets();
        if (subnets.isEmpty()) {
            annotations.put(ProfileView.DEFAULT_SUBNETS, "true");
            subnets = defaultSubnets(cluster.vpc().vpcId());
        }
        var creation = store.create(new Draft(input.name(), input.spec(subnets), annotations));
        return switch (creation) {
            case Creation.Created(FargateProfile profile) -> profile;
            // Another process was faster, perhaps with the same request.
            case Creation.Taken() -> earlier(store.list(), input).orElseThrow(Refusal::nameTaken);
            case Creation.OverQuota(String message) ->
                    throw Refusal.of(Refusal.Kind.RESOURCE_LIMIT_EXCEEDED, message);
            case Creation.Invalid(String message) -> throw Refusal.invalidParameter(message);
        };
    }

    private List<String> defaultSubnets(String vpc) {
        var subnets = store.privateSubnets(vpc).stream().limit(Faults.Limit.MOST_SUBNETS).toList();
        if (subnets.isEmpty()) {
            throw Refusal.invalidParameter(
                    "The request names no subnet, and VPC "
                            + vpc
                            + " has no private subnet in an Availability Zone");
        }
        return subnets;
    }

    /// Of several of a name, which only objects written past the webhooks can be, the first one.
    private static Optional<FargateProfile> named(List<FargateProfile> all, String name) {
        return all.stream()
                .filter(profile -> Profiles.name(profile).equals(name))
                .min(Comparator.comparing(profile -> profile.getMetadata().getCreationTimestamp()));
    }

    private static Map<String, ProfileView> body(ProfileView profile) {
        return Map.of("fargateProfile", profile);
    }

    private record Listed(List<String> fargateProfileNames, @Nullable String nextToken) {}
}
