package dev.monopod.model.loadbalancing;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.UUID;

/// Short names that differ when what they stand for differs.
final class Digest {
    private static final int PART = 8;
    private static final int DIGITS = 10;

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

    /// Ten hexadecimal digits.
    static String of(String text) {
        return UUID.nameUUIDFromBytes(text.getBytes(StandardCharsets.UTF_8))
                .toString()
                .replace("-", "")
                .substring(0, DIGITS);
    }
}
