package dev.monopod.eks.access;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.monopod.eks.access.ApiProblem.Kind;
import dev.monopod.eks.wire.Parameters;
import dev.monopod.eks.wire.UriEncoding;
import java.io.IOException;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;

/// Reads what a request carries.
final class Wire {
    private static final ObjectMapper JSON = new ObjectMapper();

    private Wire() {}

    /// The parts between the slashes of a path as sent, still encoded: a principal's own slashes
    /// come as `%2F`, and would look like these once decoded.
    static List<String> segments(String path) {
        return Arrays.asList(path.substring(1).split("/", -1));
    }

    /// @throws ApiProblem if it is no percent-encoding
    static String decoded(String segment) {
        // In a path a plus is one.
        return UriEncoding.decode(segment.replace("+", "%2B")).orElseThrow(Wire::undecoded);
    }

    /// @throws ApiProblem if it is no percent-encoding
    static Parameters query(String query) {
        return Parameters.parse(query).orElseThrow(Wire::undecoded);
    }

    private static ApiProblem undecoded() {
        return new ApiProblem(Kind.SERIALIZATION, "The request is not percent-encoded.");
    }

    /// @throws ApiProblem if the body is no JSON object
    static JsonNode object(byte[] body) {
        try {
            var json = JSON.readTree(body);
            if (json.isObject()) {
                return json;
            }
        } catch (IOException _) {
            // Refused below.
        }
        throw new ApiProblem(Kind.SERIALIZATION, "The request's body is not a JSON object.");
    }

    /// Empty if the field is absent or null.
    static Optional<String> text(JsonNode body, String field) {
        var value = body.path(field);
        if (value.isMissingNode() || value.isNull()) {
            return Optional.empty();
        }
        if (!value.isTextual()) {
            throw new ApiProblem(Kind.SERIALIZATION, field + " is not a string.");
        }
        return Optional.of(value.textValue());
    }

    /// Each once, in the order sent. Empty if the field is absent or null.
    static Optional<List<String>> texts(JsonNode body, String field) {
        var value = body.path(field);
        if (value.isMissingNode() || value.isNull()) {
            return Optional.empty();
        }
        if (!value.isArray()) {
            throw new ApiProblem(Kind.SERIALIZATION, field + " is not a list.");
        }
        var texts = new LinkedHashSet<String>();
        for (var item : value) {
            if (!item.isTextual()) {
                throw new ApiProblem(Kind.SERIALIZATION, field + " is not a list of strings.");
            }
            texts.add(item.textValue());
        }
        return Optional.of(List.copyOf(texts));
    }
}
