package dev.monopod.eks.operations;

import dev.monopod.eks.operations.Faults.Limit;
import dev.monopod.eks.podidentity.Association;
import dev.monopod.eks.podidentity.Associations;
import dev.monopod.eks.podidentity.Associations.Stored;
import dev.monopod.model.names.Digest;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The operations on pod identity associations. As in EKS, neither the namespace nor the service
/// account nor the role need exist. Thread-safe.
final class PodIdentityOperations {
    private static final Logger LOG = LoggerFactory.getLogger(PodIdentityOperations.class);
    private static final String ID_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789";
    private static final int ID_LENGTH = 17;

    /// How often a change is tried that others overtake.
    private static final int MOST_TRIES = 5;

    private final ClusterOperations clusters;
    private final Associations associations;
    private final InstantSource clock;
    private final RandomGenerator random = new SecureRandom();

    PodIdentityOperations(
            ClusterOperations clusters, Associations associations, InstantSource clock) {
        this.clusters = clusters;
        this.associations = associations;
        this.clock = clock;
    }

    /// The bodies of Create and Update.
    ///
    /// @param targetRoleArn with `policy`, what Monopod does not have
    private record Input(
            @Nullable String namespace,
            @Nullable String serviceAccount,
            @Nullable String roleArn,
            @Nullable String clientRequestToken,
            @Nullable Map<String, @Nullable String> tags,
            @Nullable Boolean disableSessionTags,
            @Nullable String targetRoleArn,
            @Nullable String policy) {
        void check(Faults faults, String account) {
            if (clientRequestToken != null) {
                faults.text("clientRequestToken", clientRequestToken, Limit.CLIENT_TOKEN);
            }
            if (tags != null) {
                faults.tags("tags", tags, 0);
            }
            faults.refuseAs(Refusal.Kind.INVALID_PARAMETER);
            if (targetRoleArn != null || policy != null) {
                throw Refusal.invalidParameter(
                        "Monopod serves neither targetRoleArn nor policy of pod identity"
                                + " associations: pods act as roleArn itself");
            }
            if (roleArn != null && !roleArn.split(":", -1)[4].equals(account)) {
                throw Refusal.invalidParameter(
                        "The role %s is not of the cluster's account %s"
                                .formatted(roleArn, account));
            }
        }

        Map<String, String> givenTags() {
            Map<String, String> given = new HashMap<>();
            if (tags != null) {
                tags.forEach((key, value) -> given.put(key, Objects.requireNonNull(value)));
            }
            return given;
        }

        boolean plain() {
            return Boolean.TRUE.equals(disableSessionTags);
        }

        /// Empty without a token.
        String request() {
            return clientRequestToken == null
                    ? ""
                    : Digest.of(
                            Json.text(
                                    List.of(
                                            clientRequestToken,
                                            String.valueOf(roleArn),
                                            plain(),
                                            new TreeMap<>(givenTags()))));
        }
    }

    Object create(Call call) {
        var input = Json.read(call.body(), Input.class);
        var cluster = clusters.named(call.variable("name"));
        var faults = new Faults();
        faults.text("namespace", input.namespace(), Limit.KUBERNETES_LABEL);
        faults.text("serviceAccount", input.serviceAccount(), Limit.KUBERNETES_NAME);
        faults.text("roleArn", input.roleArn(), Limit.ROLE_ARN);
        input.check(faults, cluster.account());
        var now = now();
        var made =
                new Association(
                        id(),
                        Objects.requireNonNull(input.namespace()),
                        Objects.requireNonNull(input.serviceAccount()),
                        Objects.requireNonNull(input.roleArn()),
                        input.plain(),
                        input.givenTags(),
                        input.request(),
                        now,
                        now);
        if (associations.create(made)) {
            LOG.info(
                    "{} made pod identity association {}: {}/{} acts as {}",
                    call.caller().arn(),
                    made.id(),
                    made.namespace(),
                    made.serviceAccount(),
                    made.roleArn());
            return body(made, cluster);
        }
        var there =
                associations.find(made.namespace(), made.serviceAccount()).map(Stored::association);
        // An answer may be lost, and then its request comes again with the same token.
        return there.filter(found ->
                        !found.request().isEmpty() && found.request().equals(made.request()))
                .map(found -> body(found, cluster))
                .orElseThrow(() ->
                        Refusal.of(
                                Refusal.Kind.RESOURCE_IN_USE,
                                "Association already exists: "
                                        + there.map(Association::id).orElse("")));
    }

    Object describe(Call call) {
        var cluster = clusters.named(call.variable("name"));
        return body(existing(call).association(), cluster);
    }

    Object list(Call call) {
        var cluster = clusters.named(call.variable("name"));
        var request = Page.Request.of(call, "pod-identity-associations");
        var namespace = call.first("namespace");
        var account = call.first("serviceAccount");
        Map<String, Association> found = new TreeMap<>();
        associations.list().stream()
                .map(Stored::association)
                .filter(one -> namespace.isEmpty() || namespace.get().equals(one.namespace()))
                .filter(one -> account.isEmpty() || account.get().equals(one.serviceAccount()))
                .forEach(one -> found.put(one.id(), one));
        var page = Page.of(List.copyOf(found.keySet()), request);
        return new Listed(
                page.names().stream()
                        .map(found::get)
                        .filter(Objects::nonNull)
                        .map(one -> Summary.of(one, cluster))
                        .toList(),
                page.nextToken());
    }

    Object update(Call call) {
        var input = Json.read(call.body(), Input.class);
        var cluster = clusters.named(call.variable("name"));
        var faults = new Faults();
        if (input.roleArn() != null) {
            faults.text("roleArn", input.roleArn(), Limit.ROLE_ARN);
        }
        input.check(faults, cluster.account());
        var changed =
                change(
                        () -> existing(call),
                        before ->
                                before.changed(
                                        Objects.requireNonNullElse(
                                                input.roleArn(), before.roleArn()),
                                        Objects.requireNonNullElse(
                                                input.disableSessionTags(), before.plain()),
                                        now()));
        LOG.info(
                "{} changed pod identity association {}: {}/{} acts as {}",
                call.caller().arn(),
                changed.id(),
                changed.namespace(),
                changed.serviceAccount(),
                changed.roleArn());
        return body(changed, cluster);
    }

    Object delete(Call call) {
        var cluster = clusters.named(call.variable("name"));
        var found = existing(call).association();
        if (!associations.delete(found)) {
            throw notFound(found.id());
        }
        LOG.info("{} deleted pod identity association {}", call.caller().arn(), found.id());
        return body(found, cluster);
    }

    /// The association of that ARN.
    Optional<Association> ofArn(String arn, ClusterDescription cluster) {
        return associations.list().stream()
                .map(Stored::association)
                .filter(one -> cluster.associationArn(one.id()).equals(arn))
                .findFirst();
    }

    /// Gives it other tags.
    void retag(Association association, UnaryOperator<Map<String, String>> tags) {
        var unused =
                change(
                        () ->
                                associations
                                        .find(association.namespace(), association.serviceAccount())
                                        .filter(found ->
                                                found.association().id().equals(association.id()))
                                        .orElseThrow(() -> notFound(association.id())),
                        before -> before.tagged(tags.apply(before.tags()), before.modifiedAt()));
    }

    private Association change(Supplier<Stored> read, UnaryOperator<Association> change) {
        for (var i = 0; i < MOST_TRIES; i++) {
            var before = read.get();
            var after = change.apply(before.association());
            if (associations.replace(before, after)) {
                return after;
            }
        }
        throw Refusal.of(
                Refusal.Kind.SERVER,
                "The association was changed by others %d times meanwhile. Try again."
                        .formatted(MOST_TRIES));
    }

    private Stored existing(Call call) {
        var id = call.variable("id");
        return associations.list().stream()
                .filter(one -> one.association().id().equals(id))
                .findFirst()
                .orElseThrow(() -> notFound(id));
    }

    private static Refusal notFound(String id) {
        return Refusal.of(
                Refusal.Kind.RESOURCE_NOT_FOUND,
                "The specified associationId could not be found: " + id);
    }

    private String id() {
        var id = new StringBuilder("a-");
        for (var i = 0; i < ID_LENGTH; i++) {
            id.append(ID_LETTERS.charAt(random.nextInt(ID_LETTERS.length())));
        }
        return id.toString();
    }

    private Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.MILLIS);
    }

    private static Object body(Association association, ClusterDescription cluster) {
        return Map.of("association", View.of(association, cluster));
    }

    private record Listed(List<Summary> associations, @Nullable String nextToken) {}

    /// The shape `PodIdentityAssociationSummary`.
    private record Summary(
            String clusterName,
            String namespace,
            String serviceAccount,
            String associationArn,
            String associationId) {
        static Summary of(Association association, ClusterDescription cluster) {
            return new Summary(
                    cluster.name(),
                    association.namespace(),
                    association.serviceAccount(),
                    cluster.associationArn(association.id()),
                    association.id());
        }
    }

    /// The shape `PodIdentityAssociation`, without what it may do without.
    private record View(
            String clusterName,
            String namespace,
            String serviceAccount,
            String roleArn,
            String associationArn,
            String associationId,
            Map<String, String> tags,
            Instant createdAt,
            Instant modifiedAt,
            boolean disableSessionTags) {
        static View of(Association association, ClusterDescription cluster) {
            return new View(
                    cluster.name(),
                    association.namespace(),
                    association.serviceAccount(),
                    association.roleArn(),
                    cluster.associationArn(association.id()),
                    association.id(),
                    new TreeMap<>(association.tags()),
                    association.createdAt(),
                    association.modifiedAt(),
                    association.plain());
        }
    }
}
