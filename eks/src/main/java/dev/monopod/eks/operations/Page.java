package dev.monopod.eks.operations;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A part of a list of names in their order.
///
/// @param nextToken asks for the next part; null, and never empty, if this is the last: eksctl
///   would begin again, for ever
record Page(List<String> names, @Nullable String nextToken) {
    private static final int MOST = 100;

    Page {
        names = List.copyOf(names);
    }

    /// What a caller asks for.
    ///
    /// @param after name after which the page begins; it need not be there any more
    /// @param list which list the tokens are of
    record Request(int most, Optional<String> after, String list) {
        /// @throws Refusal if `maxResults` or `nextToken` cannot be
        static Request of(Call call, String list) {
            return new Request(
                    call.first("maxResults").map(Page::most).orElse(MOST),
                    call.first("nextToken").map(token -> Page.after(token, list)),
                    list);
        }
    }

    /// @param names all of the list, in the order of [String#compareTo]
    static Page of(List<String> names, Request request) {
        var rest =
                names.stream()
                        .filter(name ->
                                request.after().isEmpty()
                                        || name.compareTo(request.after().get()) > 0)
                        .toList();
        if (rest.size() <= request.most()) {
            return new Page(rest, null);
        }
        var page = rest.subList(0, request.most());
        return new Page(page, token(request.list(), page.getLast()));
    }

    private static int most(String text) {
        int most;
        try {
            most = Integer.parseInt(text);
        } catch (NumberFormatException malformed) {
            throw Refusal.of(
                    Refusal.Kind.SERIALIZATION, "maxResults is a whole number, not '" + text + "'");
        }
        var faults = new Faults();
        faults.range("maxResults", most, 1, MOST);
        faults.refuseAs(Refusal.Kind.INVALID_PARAMETER);
        return most;
    }

    private static String token(String list, String last) {
        return Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString((list + "/" + last).getBytes(StandardCharsets.UTF_8));
    }

    private static String after(String token, String list) {
        try {
            var text = new String(Base64.getUrlDecoder().decode(token), StandardCharsets.UTF_8);
            if (text.startsWith(list + "/") && token(list, after(text)).equals(token)) {
                return after(text);
            }
        } catch (IllegalArgumentException malformed) {
            // Refused below, as every token that this list did not give.
        }
        throw Refusal.invalidParameter(
                "The nextToken '" + token + "' is invalid; ask for the first page again");
    }

    private static String after(String text) {
        return text.substring(text.indexOf('/') + 1);
    }
}
