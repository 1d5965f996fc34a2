package dev.monopod.eks.wire;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/// Percent-encoding as AWS signs it: every byte of UTF-8 but `A-Z a-z 0-9 - . _ ~` becomes `%XX`,
/// its digits in capitals.
public final class UriEncoding {
    private static final char[] HEX = "0123456789ABCDEF".toCharArray();

    private UriEncoding() {}

    /// Encodes everything, the slash too.
    public static String encode(String text) {
        return encode(text, false);
    }

    /// Encodes a path: a slash stays one.
    public static String encodePath(String path) {
        return encode(path, true);
    }

    /// Decodes a part of a query or of a form, in which `+` is a space too. Empty if a percent sign
    /// has no two digits behind it, or the bytes are no UTF-8: two such texts would be told apart
    /// by their sender only.
    public static Optional<String> decode(String encoded) {
        var bytes = new ByteArrayOutputStream(encoded.length());
        var source = encoded.getBytes(StandardCharsets.UTF_8);
        for (int i = 0; i < source.length; i++) {
            if (source[i] == '+') {
                bytes.write(' ');
            } else if (source[i] != '%') {
                bytes.write(source[i]);
            } else {
                int high = i + 2 < source.length ? Character.digit(source[i + 1], 16) : -1;
                int low = i + 2 < source.length ? Character.digit(source[i + 2], 16) : -1;
                if (high < 0 || low < 0) {
                    return Optional.empty();
                }
                bytes.write(high << 4 | low);
                i += 2;
            }
        }
        try {
            return Optional.of(
                    StandardCharsets.UTF_8
                            .newDecoder()
                            .decode(ByteBuffer.wrap(bytes.toByteArray()))
                            .toString());
        } catch (CharacterCodingException notText) {
            return Optional.empty();
        }
    }

    private static String encode(String text, boolean slashStays) {
        var encoded = new StringBuilder(text.length() + 16);
        for (byte each : text.getBytes(StandardCharsets.UTF_8)) {
            if (unreserved(each) || slashStays && each == '/') {
                encoded.append((char) each);
            } else {
                encoded.append('%').append(HEX[each >> 4 & 0xf]).append(HEX[each & 0xf]);
            }
        }
        return encoded.toString();
    }

    private static boolean unreserved(byte each) {
        return each >= 'A' && each <= 'Z'
                || each >= 'a' && each <= 'z'
                || each >= '0' && each <= '9'
                || each == '-'
                || each == '.'
                || each == '_'
                || each == '~';
    }
}
