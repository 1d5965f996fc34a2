package dev.monopod.loadbalancing.rules;

import dev.monopod.model.names.Digest;
import java.util.Locale;

/// Names of target groups and back ends that tell a reader whose they are.
final class ReadableName {
    private static final int PART = 8;

    private ReadableName() {}

    /// As AWS names its target groups: eight letters of each part, then a digest of all of it. At
    /// most 50 characters.
    static String of(String namespace, String name, String all) {
        var text = new StringBuilder();
        for (var part : new String[] {namespace, name}) {
            var clean = part.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]", "");
            if (!clean.isEmpty()) {
                text.append(clean, 0, Math.min(PART, clean.length())).append('-');
            }
        }
        return text + Digest.of(all);
    }
}
