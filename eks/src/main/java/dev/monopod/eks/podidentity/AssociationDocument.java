package dev.monopod.eks.podidentity;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// An association as text, for storage. What was written reads as the same association; what is not
/// wholly understood is none.
final class AssociationDocument {
    private static final ObjectMapper JSON = new ObjectMapper();

    private AssociationDocument() {}

    static String write(Association association) {
        var json = JsonNodeFactory.instance.objectNode();
        json.put("id", association.id())
                .put("namespace", association.namespace())
                .put("serviceAccount", association.serviceAccount())
                .put("roleArn", association.roleArn())
                .put("disableSessionTags", association.plain())
                .put("request", association.request())
                .put("createdAt", association.createdAt().toString())
                .put("modifiedAt", association.modifiedAt().toString());
        var tags = json.putObject("tags");
        new TreeMap<>(association.tags()).forEach(tags::put);
        return json.toString();
    }

    static Optional<Association> read(String text) {
        try {
            return Optional.of(association(JSON.readTree(text)));
        } catch (JsonProcessingException | DateTimeException | IllegalArgumentException unread) {
            return Optional.empty();
        }
    }

    private static Association association(JsonNode json) {
        Map<String, String> tags = new HashMap<>();
        for (var tag : json.path("tags").properties()) {
            tags.put(tag.getKey(), text(tag.getValue()));
        }
        var plain = json.path("disableSessionTags");
        if (!plain.isBoolean()) {
            throw new IllegalArgumentException("not true or false");
        }
        return new Association(
                text(json.path("id")),
                text(json.path("namespace")),
                text(json.path("serviceAccount")),
                text(json.path("roleArn")),
                plain.booleanValue(),
                tags,
                text(json.path("request")),
                Instant.parse(text(json.path("createdAt"))),
                Instant.parse(text(json.path("modifiedAt"))));
    }

    private static String text(JsonNode json) {
        if (!json.isTextual()) {
            throw new IllegalArgumentException("not a text");
        }
        return json.textValue();
    }
}
