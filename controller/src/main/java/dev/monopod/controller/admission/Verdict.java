package dev.monopod.controller.admission;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;

/// What a webhook answers.
sealed interface Verdict {
    /// As it is; the user sees the warnings.
    record Allowed(List<String> warnings) implements Verdict {
        static final Allowed SILENTLY = new Allowed(List.of());
    }

    /// With this JSON Patch.
    record Changed(JsonNode patch, List<String> warnings) implements Verdict {}

    /// Not at all; the code is an HTTP status.
    record Denied(int code, String reason, String message) implements Verdict {}
}
