package dev.monopod.eks.access;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.monopod.eks.access.AccessEntries.Stored;
import dev.monopod.eks.access.AccessEntry.Association;
import dev.monopod.eks.access.ApiProblem.Kind;
import dev.monopod.eks.wire.ApiRequest;
import dev.monopod.eks.wire.ApiResponse;
import dev.monopod.eks.wire.Parameters;
import dev.monopod.kube.client.ApiCode;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// EKS' operations on access entries and their policies. Who calls, and whether they may, is
/// settled before: whoever reaches this can make themselves an administrator. Blocks on the store;
/// never throws; thread-safe.
public final class AccessEntriesApi {
    private static final Logger LOG = LoggerFactory.getLogger(AccessEntriesApi.class);
    private static final String POLICIES = "access-policies";

    /// How often a change is tried that others overtake.
    private static final int MOST_TRIES = 5;

    private final AccessEntries entries;
    private final ClusterIdentity cluster;
    private final InstantSource clock;
    private final EntryInput input;
    private final ApiAnswers answers;

    /// @param ids random
    public AccessEntriesApi(
            AccessEntries entries,
            ClusterIdentity cluster,
            InstantSource clock,
            Supplier<UUID> ids) {
        this.entries = entries;
        this.cluster = cluster;
        this.clock = clock;
        this.input = new EntryInput(cluster, ids);
        this.answers = new ApiAnswers(cluster);
    }

    /// Empty if the path is none of access entries.
    public Optional<ApiResponse> answer(ApiRequest request) {
        var segments = Wire.segments(request.path());
        var own =
                segments.equals(List.of(POLICIES))
                        || segments.size() >= 3
                                && segments.get(0).equals("clusters")
                                && segments.get(2).equals("access-entries");
        return own ? Optional.of(answer(request, segments)) : Optional.empty();
    }

    private ApiResponse answer(ApiRequest request, List<String> segments) {
        try {
            return ApiAnswers.ok(result(request, segments));
        } catch (ApiProblem problem) {
            return ApiAnswers.problem(problem);
        } catch (KubernetesClientException failure) {
            LOG.warn(
                    "failed to answer {} {}: {}",
                    request.method(),
                    request.path(),
                    failure.toString());
            return ApiAnswers.problem(
                    ApiCode.later(failure)
                            ? new ApiProblem(
                                    Kind.UNAVAILABLE,
                                    "The cluster's API server does not answer. Try again.")
                            : new ApiProblem(
                                    Kind.SERVER,
                                    "The cluster's API server failed: " + failure.getMessage()));
        } catch (RuntimeException bug) {
            LOG.error("failed to answer {} {}", request.method(), request.path(), bug);
            return ApiAnswers.problem(
                    new ApiProblem(
                            Kind.SERVER,
                            "Monopod failed to answer; the controller's log says why"));
        }
    }

    private ObjectNode result(ApiRequest request, List<String> segments) {
        var method = request.method();
        if (segments.size() == 1) {
            require(method, "GET");
            return policies(Wire.query(request.query()));
        }
        var name = Wire.decoded(segments.get(1));
        if (!name.equals(cluster.name())) {
            throw new ApiProblem(Kind.NOT_FOUND, "No cluster found for name: %s.".formatted(name));
        }
        return switch (segments.size()) {
            case 3 -> {
                require(method, "GET", "POST");
                yield method.equals("GET")
                        ? list(Wire.query(request.query()))
                        : create(request.body());
            }
            case 4 -> one(request, segments.get(3));
            case 5 -> {
                require(method, "GET", "POST");
                requirePolicies(segments);
                yield method.equals("GET")
                        ? associated(segments.get(3), Wire.query(request.query()))
                        : associate(segments.get(3), request.body());
            }
            case 6 -> {
                require(method, "DELETE");
                requirePolicies(segments);
                yield disassociate(segments.get(3), Wire.decoded(segments.get(5)));
            }
            default -> throw unknown();
        };
    }

    private ObjectNode one(ApiRequest request, String principalArn) {
        return switch (request.method()) {
            case "GET" -> answers.entry(find(principalArn).entry());
            case "POST" -> update(principalArn, request.body());
            case "DELETE" -> delete(principalArn);
            default -> throw unknown();
        };
    }

    private static void require(String method, String... served) {
        if (!List.of(served).contains(method)) {
            throw unknown();
        }
    }

    private static void requirePolicies(List<String> segments) {
        if (!segments.get(4).equals(POLICIES)) {
            throw unknown();
        }
    }

    private static ApiProblem unknown() {
        return new ApiProblem(Kind.UNKNOWN, "EKS has no such operation on access entries.");
    }

    private ObjectNode create(byte[] body) {
        var entry = input.create(Wire.object(body), clock.instant());
        if (entries.create(entry)) {
            LOG.info("access entry of {} was created", entry.principal().arn());
            return answers.entry(entry);
        }
        return entries.find(entry.principal())
                .map(Stored::entry)
                .filter(found -> isOfSameRequest(found, entry))
                .map(answers::entry)
                .orElseThrow(() ->
                        new ApiProblem(
                                Kind.IN_USE,
                                "The specified access entry resource is already in use on this"
                                        + " cluster."));
    }

    /// An answer may be lost, and then its request comes again with the same token.
    private static boolean isOfSameRequest(AccessEntry found, AccessEntry asked) {
        return found.id().equals(asked.id())
                && found.principal().equals(asked.principal())
                && found.type() == asked.type()
                && found.username().equals(asked.username())
                && found.groups().equals(asked.groups())
                && found.tags().equals(asked.tags());
    }

    private ObjectNode list(Parameters query) {
        var policy =
                query.one("associatedPolicyArn")
                        .map(arn ->
                                AccessPolicy.ofArn(arn, cluster.partition())
                                        .orElseThrow(() ->
                                                ApiProblem.invalid(
                                                        "There is no access policy " + arn)));
        var listed =
                entries.list().stream()
                        .filter(entry ->
                                policy.isEmpty() || entry.association(policy.get()).isPresent())
                        .toList();
        var page = Page.of(listed, entry -> entry.principal().key(), query);
        var answer = ApiAnswers.object();
        var arns = answer.putArray("accessEntries");
        page.items().forEach(entry -> arns.add(entry.principal().arn()));
        page.putToken(answer);
        return answer;
    }

    private ObjectNode update(String principalArn, byte[] body) {
        var json = Wire.object(body);
        return answers.entry(
                change(principalArn, entry -> input.update(entry, json, clock.instant())));
    }

    private ObjectNode delete(String principalArn) {
        var principal = find(principalArn).entry().principal();
        if (!entries.delete(principal)) {
            throw ApiProblem.noPrincipal();
        }
        LOG.info("access entry of {} was deleted", principal.arn());
        return ApiAnswers.object();
    }

    private ObjectNode associate(String principalArn, byte[] body) {
        var json = Wire.object(body);
        var policy = input.policy(json);
        var scope = EntryInput.scope(json);
        var changed =
                change(
                        principalArn,
                        entry -> {
                            if (entry.type() != EntryType.STANDARD) {
                                throw ApiProblem.invalid(EntryRules.ofStandardOnly());
                            }
                            var now = clock.instant();
                            return entry.with(
                                    new Association(
                                            policy,
                                            scope,
                                            entry.association(policy)
                                                    .map(Association::associatedAt)
                                                    .orElse(now),
                                            now));
                        });
        LOG.info("{} has {} {}", changed.principal().arn(), policy.policyName(), scope);
        var answer = ofEntry(changed);
        changed.association(policy)
                .ifPresent(association ->
                        answer.set("associatedAccessPolicy", answers.association(association)));
        return answer;
    }

    private ObjectNode disassociate(String principalArn, String policyArn) {
        var policy =
                AccessPolicy.ofArn(policyArn, cluster.partition())
                        .orElseThrow(ApiProblem::noPolicy);
        var changed =
                change(
                        principalArn,
                        entry -> {
                            if (entry.association(policy).isEmpty()) {
                                throw ApiProblem.noPolicy();
                            }
                            return entry.without(policy);
                        });
        LOG.info("{} has no {} any more", changed.principal().arn(), policy.policyName());
        return ApiAnswers.object();
    }

    private ObjectNode associated(String principalArn, Parameters query) {
        var entry = find(principalArn).entry();
        var page =
                Page.of(
                        entry.associations(),
                        association -> association.policy().policyName(),
                        query);
        var answer = ofEntry(entry);
        page.putToken(answer);
        var list = answer.putArray("associatedAccessPolicies");
        page.items().forEach(association -> list.add(answers.association(association)));
        return answer;
    }

    private ObjectNode ofEntry(AccessEntry entry) {
        return ApiAnswers.object()
                .put("clusterName", cluster.name())
                .put("principalArn", entry.principal().arn());
    }

    private ObjectNode policies(Parameters query) {
        var page = Page.of(List.of(AccessPolicy.values()), AccessPolicy::policyName, query);
        var answer = ApiAnswers.object();
        var list = answer.putArray("accessPolicies");
        for (var policy : page.items()) {
            list.addObject()
                    .put("name", policy.policyName())
                    .put("arn", policy.arn(cluster.partition()));
        }
        page.putToken(answer);
        return answer;
    }

    /// A role is the same with another path, but who asks for that one asks for another entry.
    private Stored find(String principalArn) {
        var arn = Wire.decoded(principalArn);
        return Principal.parse(arn)
                .flatMap(entries::find)
                .filter(found -> found.entry().principal().arn().equalsIgnoreCase(arn))
                .orElseThrow(ApiProblem::noPrincipal);
    }

    private AccessEntry change(String principalArn, UnaryOperator<AccessEntry> change) {
        for (var i = 0; i < MOST_TRIES; i++) {
            var before = find(principalArn);
            var after = change.apply(before.entry());
            if (entries.replace(before, after)) {
                return after;
            }
        }
        throw new ApiProblem(
                Kind.SERVER,
                "The access entry was changed by others %d times meanwhile. Try again."
                        .formatted(MOST_TRIES));
    }
}
