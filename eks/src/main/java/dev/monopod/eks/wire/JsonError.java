package dev.monopod.eks.gate;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.monopod.eks.wire.ApiResponse;
import java.util.Map;

/// An error that every API of AWS that speaks JSON may answer with.
final class JsonError {
    private JsonError() {}

    static ApiResponse of(int status, String type, String message) {
        var body = JsonNodeFactory.instance.objectNode().put("message", message);
        return new ApiResponse(
                status,
                Map.of("Content-Type", "application/json", "x-amzn-ErrorType", type),
                body.toString().getBytes(UTF_8));
    }
}
