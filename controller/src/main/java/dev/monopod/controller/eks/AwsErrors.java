package dev.monopod.controller.eks;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.monopod.eks.wire.ApiResponse;
import java.net.HttpURLConnection;
import java.util.Map;

/// Errors that no service has said anything of.
final class AwsErrors {
    private AwsErrors() {}

    /// Of ours: the log has it under the request's id. Tools try again.
    static ApiResponse fault(String id) {
        return new ApiResponse(
                HttpURLConnection.HTTP_INTERNAL_ERROR,
                Map.of("Content-Type", "application/json", "x-amzn-ErrorType", "InternalFailure"),
                "{\"message\":\"An internal error occurred; the controller's log has it under %s.\"}"
                        .formatted(id)
                        .getBytes(UTF_8));
    }
}
