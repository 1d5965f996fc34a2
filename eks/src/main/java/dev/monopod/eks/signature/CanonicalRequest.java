package dev.monopod.eks.signature;

import dev.monopod.eks.wire.ApiRequest;
import dev.monopod.eks.wire.Parameters.Parameter;
import dev.monopod.eks.wire.UriEncoding;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.stream.Collectors;

/// The one text of a request that client and server both come to, and that is signed.
final class CanonicalRequest {
    private CanonicalRequest() {}

    /// @param bodyHash of the body as it came, hexadecimal
    static String text(ApiRequest request, Claim claim, String bodyHash) throws RefusedException {
        var text = new StringBuilder(512);
        text.append(request.method()).append('\n');
        text.append(UriEncoding.encodePath(normalized(request.path()))).append('\n');
        text.append(query(claim.parameters())).append('\n');
        for (String name : claim.signedHeaders()) {
            text.append(name).append(':').append(header(request, name)).append('\n');
        }
        text.append('\n').append(String.join(";", claim.signedHeaders())).append('\n');
        return text.append(bodyHash).toString();
    }

    /// Without empty and dot segments. What is percent-encoded stays so: it is encoded once more,
    /// as every service but S3 does.
    private static String normalized(String path) {
        Deque<String> segments = new ArrayDeque<>();
        for (String segment : path.split("/", -1)) {
            switch (segment) {
                case "", "." -> {}
                case ".." -> segments.pollLast();
                default -> segments.addLast(segment);
            }
        }
        var joined = "/" + String.join("/", segments);
        return path.endsWith("/") && !segments.isEmpty() ? joined + "/" : joined;
    }

    private record Pair(String name, String value) {}

    private static String query(List<Parameter> parameters) {
        return parameters.stream()
                .map(each ->
                        new Pair(UriEncoding.encode(each.name()), UriEncoding.encode(each.value())))
                .sorted(Comparator.comparing(Pair::name).thenComparing(Pair::value))
                .map(pair -> pair.name() + "=" + pair.value())
                .collect(Collectors.joining("&"));
    }

    private static String header(ApiRequest request, String name) throws RefusedException {
        var values = Claim.values(request, name);
        if (values.isEmpty()) {
            throw new RefusedException(
                    Fault.MISMATCH,
                    "The request has no header '%s', which its signature names."
                            .formatted(Quoted.of(name)));
        }
        return values.stream()
                .map(value -> value.strip().replaceAll("\\s+", " "))
                .collect(Collectors.joining(","));
    }
}
