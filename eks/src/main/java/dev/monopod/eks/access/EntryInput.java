package dev.monopod.eks.access;

import com.fasterxml.jackson.databind.JsonNode;
import dev.monopod.eks.access.AccessEntry.Scope;
import dev.monopod.eks.access.ApiProblem.Kind;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/// Reads the bodies of requests, and refuses what an access entry must not be.
record EntryInput(ClusterIdentity cluster, Supplier<UUID> ids) {
    private static final int MOST_TAGS = 50;
    private static final int LONGEST_TAG_KEY = 128;
    private static final int LONGEST_TAG_VALUE = 256;
    private static final int MOST_NAMESPACES = 100;

    /// A label of DNS, in which a star may stand for any part.
    private static final Pattern NAMESPACE =
            Pattern.compile("[a-z0-9*](?:[a-z0-9*-]{0,61}[a-z0-9*])?");

    /// @throws ApiProblem if there may be no such entry
    AccessEntry create(JsonNode body, Instant now) {
        var principal =
                Principal.parse(required(body, "principalArn"))
                        .orElseThrow(() ->
                                ApiProblem.invalid(
                                        "The specified principalArn is invalid: invalid"
                                                + " principal."));
        var type = type(Wire.text(body, "type").orElse(""));
        var username =
                Wire.text(body, "username")
                        .filter(text -> !text.isEmpty())
                        .orElseGet(() -> type.defaultUsername(principal));
        var groups = Wire.texts(body, "kubernetesGroups").orElse(List.of());
        return checked(
                new AccessEntry(
                        principal,
                        id(body, principal),
                        type,
                        username,
                        groups.isEmpty() ? type.groups() : groups,
                        tags(body),
                        List.of(),
                        now,
                        now));
    }

    /// The same request gets the same name, so that its repetition is known when it comes.
    private String id(JsonNode body, Principal principal) {
        return Wire.text(body, "clientRequestToken")
                .map(token ->
                        UUID.nameUUIDFromBytes(
                                (principal.key() + "\n" + token).getBytes(StandardCharsets.UTF_8)))
                .orElseGet(ids)
                .toString();
    }

    private static EntryType type(String text) {
        if (text.isEmpty()) {
            return EntryType.STANDARD;
        }
        try {
            return EntryType.valueOf(text.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException _) {
            throw ApiProblem.invalid(
                    "The type %s is invalid, it must be one of %s"
                            .formatted(text, List.of(EntryType.values())));
        }
    }

    /// @throws ApiProblem if the entry may not be so
    AccessEntry update(AccessEntry entry, JsonNode body, Instant now) {
        if (entry.type() != EntryType.STANDARD) {
            throw ApiProblem.invalid(EntryRules.ofStandardOnly());
        }
        return checked(
                entry.named(
                        Wire.text(body, "username")
                                .filter(text -> !text.isEmpty())
                                .orElse(entry.username()),
                        Wire.texts(body, "kubernetesGroups").orElse(entry.groups()),
                        now));
    }

    private AccessEntry checked(AccessEntry entry) {
        var problems = EntryRules.problems(entry, cluster.account());
        if (!problems.isEmpty()) {
            throw ApiProblem.invalid(problems.getFirst());
        }
        return entry;
    }

    AccessPolicy policy(JsonNode body) {
        var arn = required(body, "policyArn");
        return AccessPolicy.ofArn(arn, cluster.partition())
                .orElseThrow(() ->
                        ApiProblem.invalid(
                                "The policyArn %s is invalid, there is no such access policy"
                                        .formatted(arn)));
    }

    static Scope scope(JsonNode body) {
        var scope = body.path("accessScope");
        if (!scope.isObject()) {
            throw ApiProblem.invalid("accessScope is required.");
        }
        var namespaces = Wire.texts(scope, "namespaces").orElse(List.of());
        var type = Wire.text(scope, "type").orElse("");
        switch (type) {
            case "cluster" -> {
                if (!namespaces.isEmpty()) {
                    throw ApiProblem.invalid(
                            "An accessScope of type cluster must have no namespaces.");
                }
                return new Scope.Cluster();
            }
            case "namespace" -> {
                if (namespaces.isEmpty() || namespaces.size() > MOST_NAMESPACES) {
                    throw ApiProblem.invalid(
                            "An accessScope of type namespace must have 1 to %d namespaces."
                                    .formatted(MOST_NAMESPACES));
                }
                for (var namespace : namespaces) {
                    if (!NAMESPACE.matcher(namespace).matches()) {
                        throw ApiProblem.invalid(
                                "The namespace %s is invalid, it must match %s"
                                        .formatted(namespace, NAMESPACE));
                    }
                }
                return new Scope.Namespaces(namespaces);
            }
            default ->
                    throw ApiProblem.invalid(
                            "The type of an accessScope must be cluster or namespace.");
        }
    }

    private static Map<String, String> tags(JsonNode body) {
        var json = body.path("tags");
        if (json.isMissingNode() || json.isNull()) {
            return Map.of();
        }
        if (!json.isObject()) {
            throw new ApiProblem(Kind.SERIALIZATION, "tags is not a map.");
        }
        Map<String, String> tags = new HashMap<>();
        for (var tag : json.properties()) {
            var key = tag.getKey();
            var value = Wire.text(json, key).orElse("");
            if (key.isEmpty()
                    || key.length() > LONGEST_TAG_KEY
                    || value.length() > LONGEST_TAG_VALUE
                    || key.toLowerCase(Locale.ROOT).startsWith("aws:")) {
                throw ApiProblem.invalid(
                        "The tag %s is invalid: a key has 1 to %d characters and must not begin"
                                        .formatted(key, LONGEST_TAG_KEY)
                                + " with aws:, a value has at most %d"
                                        .formatted(LONGEST_TAG_VALUE));
            }
            tags.put(key, value);
        }
        if (tags.size() > MOST_TAGS) {
            throw ApiProblem.invalid("There may be at most %d tags.".formatted(MOST_TAGS));
        }
        return tags;
    }

    private static String required(JsonNode body, String field) {
        return Wire.text(body, field)
                .filter(text -> !text.isEmpty())
                .orElseThrow(() -> ApiProblem.invalid(field + " is required."));
    }
}
