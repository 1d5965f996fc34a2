package dev.monopod.loadbalancing.rules;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.util.Map;

/// JSON in annotations, as Go reads it, and so AWS' controller.
final class AnnotationJson {
    private AnnotationJson() {}

    /// The field in any letter case, if there is none as it is written.
    static JsonNode field(JsonNode node, String name) {
        if (node.has(name)) {
            return node.path(name);
        }
        return node.propertyStream()
                .filter(field -> field.getKey().equalsIgnoreCase(name))
                .map(Map.Entry::getValue)
                .findFirst()
                .orElse(MissingNode.getInstance());
    }

    static String text(JsonNode node, String field, String otherwise) {
        return field(node, field).asText(otherwise);
    }
}
