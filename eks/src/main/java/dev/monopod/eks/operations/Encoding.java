package dev.monopod.eks.operations;

import dev.monopod.eks.wire.UriEncoding;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/// Takes off percent-encoding, after what is encoded has been split: an ARN holds slashes.
final class Encoding {
    private Encoding() {}

    /// What stands between the slashes of a path, decoded; a plus sign is a plus sign.
    ///
    /// @param path begins with a slash
    /// @throws Refusal if it is not encoded rightly
    static List<String> segments(String path) {
        return Stream.of(path.substring(1).split("/", -1))
                .map(segment -> decoded(segment.replace("+", "%2B")))
                .toList();
    }

    /// The parameters of a query; a plus sign is a space.
    ///
    /// @throws Refusal if it is not encoded rightly
    static Map<String, List<String>> parameters(String query) {
        Map<String, List<String>> parameters = new LinkedHashMap<>();
        for (var parameter : query.split("&", -1)) {
            var equals = parameter.indexOf('=');
            var name = equals < 0 ? parameter : parameter.substring(0, equals);
            var value = equals < 0 ? "" : parameter.substring(equals + 1);
            if (!name.isEmpty()) {
                parameters
                        .computeIfAbsent(decoded(name), unused -> new ArrayList<>())
                        .add(decoded(value));
            }
        }
        return parameters;
    }

    private static String decoded(String encoded) {
        return UriEncoding.decode(encoded)
                .orElseThrow(() ->
                        Refusal.of(
                                Refusal.Kind.SERIALIZATION,
                                "'" + encoded + "' of the URL is not percent-encoded UTF-8"));
    }
}
