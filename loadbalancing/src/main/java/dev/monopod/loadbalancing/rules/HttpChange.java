package dev.monopod.loadbalancing.rules;

import java.util.List;

/// What is changed in a request before it is sent on, or in its answer.
public sealed interface HttpChange {
    enum Direction {
        REQUEST,
        RESPONSE
    }

    record SetHeader(Direction direction, String name, String value) implements HttpChange {}

    record AddHeader(Direction direction, String name, String value) implements HttpChange {}

    record RemoveHeader(Direction direction, String name) implements HttpChange {}

    /// Which scripts of other sites may read the answers; preflight requests are answered in place
    /// of targets. Lists may be `*` alone: any.
    ///
    /// @param origins such as `https://*.example.com`
    /// @param exposed headers of answers that scripts may read
    record Cors(
            List<String> origins,
            List<String> methods,
            List<String> headers,
            List<String> exposed,
            boolean credentials,
            int maxAgeSeconds)
            implements HttpChange {
        public Cors {
            origins = List.copyOf(origins);
            methods = List.copyOf(methods);
            headers = List.copyOf(headers);
            exposed = List.copyOf(exposed);
        }
    }

    record ReplacePath(String path) implements HttpChange {}

    /// Whole elements at the start of the path are replaced.
    record ReplacePrefix(String prefix, String by) implements HttpChange {}
}
