package dev.monopod.eks.wire;

import java.util.List;
import java.util.Optional;

/// A request as it came, nothing decoded: its signature is over just these bytes.
///
/// @param path as sent, percent-encoded, from the first slash to the question mark
/// @param query as sent, without the question mark; empty if there is none
/// @param headers in the order sent
public record ApiRequest(
        String method, String path, String query, List<Header> headers, byte[] body) {
    /// A header; its name in any letter case.
    public record Header(String name, String value) {}

    public ApiRequest {
        headers = List.copyOf(headers);
    }

    /// The first header of that name, in any letter case.
    public Optional<String> header(String name) {
        return headers.stream()
                .filter(header -> header.name().equalsIgnoreCase(name))
                .map(Header::value)
                .findFirst();
    }
}
