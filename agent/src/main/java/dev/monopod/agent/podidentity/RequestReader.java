package dev.monopod.agent.podidentity;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// Reads one HTTP/1.1 request within bounds. What two readers could understand differently is
/// refused: two lengths, a chunked body, folded headers.
final class RequestReader {
    private static final int LARGEST_HEAD_BYTES = 16 * 1024;
    private static final int LARGEST_BODY_BYTES = 64 * 1024;
    private static final String LENGTH = "content-length";

    private RequestReader() {}

    /// What cannot be answered but by an error.
    static final class MalformedException extends IOException {
        private static final long serialVersionUID = 1L;

        private final String reason;

        MalformedException(String reason) {
            super(reason);
            this.reason = reason;
        }

        String reason() {
            return reason;
        }
    }

    /// @throws MalformedException if it is no request within the bounds
    /// @throws IOException if it ends early, or takes too long
    static PodRequest read(InputStream input) throws IOException {
        var lines = head(input).split("\r\n", -1);
        var first = lines[0].split(" ", -1);
        if (first.length != 3 || !first[2].startsWith("HTTP/1.")) {
            throw new MalformedException("the first line is not METHOD TARGET HTTP/1.1");
        }
        Map<String, List<String>> headers = new HashMap<>();
        for (var i = 1; i < lines.length; i++) {
            var colon = lines[i].indexOf(':');
            if (colon <= 0
                    || !lines[i].substring(0, colon).matches("[!#$%&'*+.^_`|~0-9A-Za-z-]+")) {
                throw new MalformedException("header %d is not NAME: VALUE".formatted(i));
            }
            var value = lines[i].substring(colon + 1).strip();
            if (value.chars().anyMatch(c -> c != '\t' && Character.isISOControl(c))) {
                throw new MalformedException("header %d has a control character".formatted(i));
            }
            headers.computeIfAbsent(
                            lines[i].substring(0, colon).toLowerCase(Locale.ROOT),
                            _ -> new ArrayList<>())
                    .add(value);
        }
        return new PodRequest(first[0], first[1], headers, body(input, headers));
    }

    /// Up to the empty line, without it.
    private static String head(InputStream input) throws IOException {
        var head = new ByteArrayOutputStream();
        var state = 0;
        while (state < 4) {
            var next = input.read();
            if (next < 0) {
                throw new EOFException("the connection ended within a request's head");
            }
            if (head.size() == LARGEST_HEAD_BYTES) {
                throw new MalformedException(
                        "the head has more than %d bytes".formatted(LARGEST_HEAD_BYTES));
            }
            head.write(next);
            state = next == (state % 2 == 0 ? '\r' : '\n') ? state + 1 : next == '\r' ? 1 : 0;
        }
        return head.toString(StandardCharsets.ISO_8859_1).substring(0, head.size() - 4);
    }

    private static byte[] body(InputStream input, Map<String, List<String>> headers)
            throws IOException {
        var lengths = headers.getOrDefault(LENGTH, List.of());
        if (headers.containsKey("transfer-encoding") || lengths.size() > 1) {
            throw new MalformedException("the body has no single length");
        }
        if (lengths.isEmpty()) {
            return new byte[0];
        }
        if (!lengths.getFirst().matches("[0-9]{1,5}")
                || Integer.parseInt(lengths.getFirst()) > LARGEST_BODY_BYTES) {
            throw new MalformedException(
                    "the body has more than %d bytes".formatted(LARGEST_BODY_BYTES));
        }
        var length = Integer.parseInt(lengths.getFirst());
        var body = input.readNBytes(length);
        if (body.length < length) {
            throw new EOFException("the connection ended within a request's body");
        }
        return body;
    }
}
