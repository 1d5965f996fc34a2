package dev.monopod.agent.podidentity;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// A request of a pod, as it came.
///
/// @param target as in the request's first line, not decoded
/// @param headers by name in small letters, each with its values in the order sent
record PodRequest(String method, String target, Map<String, List<String>> headers, byte[] body) {
    PodRequest {
        headers = Map.copyOf(headers);
    }

    /// The value of a header; empty if there is none, or more than one.
    Optional<String> header(String name) {
        var values = headers.getOrDefault(name.toLowerCase(Locale.ROOT), List.of());
        return values.size() == 1 ? Optional.of(values.getFirst()) : Optional.empty();
    }
}
