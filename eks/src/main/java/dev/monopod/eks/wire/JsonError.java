package dev.monopod.eks.wire;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.util.Map;

/// An error that every API of AWS that speaks JSON may answer with.
public final class JsonError {
    private JsonError() {}

    public static ApiResponse of(int status, String type, String message) {
        var body = JsonNodeFactory.instance.objectNode().put("message", message);
        return new ApiResponse(
                status,
                Map.of("Content-Type", "application/json", "x-amzn-ErrorType", type),
                body.toString().getBytes(UTF_8));
    }
}
