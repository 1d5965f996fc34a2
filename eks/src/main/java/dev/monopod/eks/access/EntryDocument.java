package dev.monopod.eks.access;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.monopod.eks.access.AccessEntry.Association;
import dev.monopod.eks.access.AccessEntry.Scope;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// An access entry as text, for storage. What was written reads as the same entry; what is not
/// wholly understood is no entry.
final class EntryDocument {
    private static final ObjectMapper JSON = new ObjectMapper();

    private EntryDocument() {}

    static String write(AccessEntry entry) {
        var json = JsonNodeFactory.instance.objectNode();
        json.put("principalArn", entry.principal().arn())
                .put("id", entry.id())
                .put("type", entry.type().name())
                .put("username", entry.username());
        var groups = json.putArray("groups");
        entry.groups().forEach(groups::add);
        var tags = json.putObject("tags");
        entry.sortedTags().forEach(tags::put);
        var associations = json.putArray("policies");
        entry.associations().forEach(association -> write(associations.addObject(), association));
        json.put("createdAt", entry.createdAt().toString())
                .put("modifiedAt", entry.modifiedAt().toString());
        return json.toString();
    }

    private static void write(ObjectNode json, Association association) {
        json.put("name", association.policy().policyName());
        switch (association.scope()) {
            case Scope.Cluster() -> json.put("scope", "cluster");
            case Scope.Namespaces(List<String> patterns) -> {
                json.put("scope", "namespace");
                var namespaces = json.putArray("namespaces");
                patterns.forEach(namespaces::add);
            }
        }
        json.put("associatedAt", association.associatedAt().toString())
                .put("modifiedAt", association.modifiedAt().toString());
    }

    static Optional<AccessEntry> read(String text) {
        try {
            return Optional.of(entry(JSON.readTree(text)));
        } catch (JsonProcessingException | DateTimeException | IllegalArgumentException unread) {
            return Optional.empty();
        }
    }

    private static AccessEntry entry(JsonNode json) {
        Map<String, String> tags = new HashMap<>();
        for (var tag : json.path("tags").properties()) {
            tags.put(tag.getKey(), text(tag.getValue()));
        }
        List<Association> associations = new ArrayList<>();
        for (var association : json.path("policies")) {
            associations.add(association(association));
        }
        return new AccessEntry(
                Principal.parse(text(json.path("principalArn")))
                        .orElseThrow(() -> new IllegalArgumentException("no principal")),
                text(json.path("id")),
                EntryType.valueOf(text(json.path("type"))),
                text(json.path("username")),
                texts(json.path("groups")),
                tags,
                associations,
                Instant.parse(text(json.path("createdAt"))),
                Instant.parse(text(json.path("modifiedAt"))));
    }

    private static Association association(JsonNode json) {
        var scope = text(json.path("scope"));
        return new Association(
                AccessPolicy.named(text(json.path("name")))
                        .orElseThrow(() -> new IllegalArgumentException("no policy")),
                switch (scope) {
                    case "cluster" -> new Scope.Cluster();
                    case "namespace" -> new Scope.Namespaces(texts(json.path("namespaces")));
                    default -> throw new IllegalArgumentException("no scope " + scope);
                },
                Instant.parse(text(json.path("associatedAt"))),
                Instant.parse(text(json.path("modifiedAt"))));
    }

    private static List<String> texts(JsonNode json) {
        if (!json.isArray()) {
            throw new IllegalArgumentException("not a list");
        }
        List<String> texts = new ArrayList<>();
        json.forEach(item -> texts.add(text(item)));
        return texts;
    }

    private static String text(JsonNode json) {
        if (!json.isTextual()) {
            throw new IllegalArgumentException("not a text");
        }
        return json.textValue();
    }
}
