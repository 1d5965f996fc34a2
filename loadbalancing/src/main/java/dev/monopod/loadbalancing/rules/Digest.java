package dev.monopod.loadbalancing.rules;

import java.util.HexFormat;
import java.util.Locale;

/// Short names that differ when what they stand for differs.
final class Digest {
    private static final int PART = 8;
    private static final int DIGITS = 10;
    private static final long OFFSET_BASIS = 0xcbf29ce484222325L;
    private static final long PRIME = 0x100000001b3L;

    private Digest() {}

    /// As AWS names its target groups: eight letters of each part, then a digest of all of it.
    static String readable(String namespace, String name, String all) {
        var text = new StringBuilder();
        for (var part : new String[] {namespace, name}) {
            var clean = part.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]", "");
            if (!clean.isEmpty()) {
                text.append(clean, 0, Math.min(PART, clean.length())).append('-');
            }
        }
        return text + of(all);
    }

    /// Ten hexadecimal digits, by FNV-1a.
    static String of(String text) {
        var hash = OFFSET_BASIS;
        for (var index = 0; index < text.length(); index++) {
            hash = (hash ^ text.charAt(index)) * PRIME;
        }
        return HexFormat.of().toHexDigits(hash).substring(0, DIGITS);
    }
}
