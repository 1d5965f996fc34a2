package dev.monopod.eks.access;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.monopod.eks.wire.Parameters;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/// One page of a list. A token names the last item before it, so items that come or go meanwhile
/// neither repeat others nor hide them.
record Page<T>(List<T> items, Optional<String> nextToken) {
    private static final int MOST = 100;

    /// @param key unique
    /// @param query decoded; `maxResults` and `nextToken` count
    /// @throws ApiProblem if these cannot be
    static <T> Page<T> of(List<T> all, Function<T, String> key, Parameters query) {
        var size = size(query);
        var after = query.one("nextToken").map(Page::decode);
        var rest =
                all.stream()
                        .sorted(Comparator.comparing(key))
                        .filter(item ->
                                after.isEmpty() || key.apply(item).compareTo(after.get()) > 0)
                        .toList();
        return rest.size() <= size
                ? new Page<>(rest, Optional.empty())
                : new Page<>(
                        rest.subList(0, size), Optional.of(encode(key.apply(rest.get(size - 1)))));
    }

    /// Null on the last page: an empty text would let eksctl begin again.
    void putToken(ObjectNode body) {
        nextToken.ifPresentOrElse(
                token -> body.put("nextToken", token), () -> body.putNull("nextToken"));
    }

    private static int size(Parameters query) {
        var text = query.one("maxResults").orElse(Integer.toString(MOST));
        try {
            var size = Integer.parseInt(text);
            if (size >= 1 && size <= MOST) {
                return size;
            }
        } catch (NumberFormatException _) {
            // Refused below.
        }
        throw ApiProblem.invalid(
                "maxResults must be a number between 1 and %d, and is %s".formatted(MOST, text));
    }

    private static String encode(String key) {
        return Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString(key.getBytes(StandardCharsets.UTF_8));
    }

    private static String decode(String token) {
        try {
            return new String(Base64.getUrlDecoder().decode(token), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException _) {
            throw ApiProblem.invalid("The nextToken is invalid.");
        }
    }
}
