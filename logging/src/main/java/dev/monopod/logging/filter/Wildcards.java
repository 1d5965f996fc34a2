package dev.monopod.logging.filter;

/// Keys by a beginning.
final class Wildcards {
    private Wildcards() {}

    /// Whether the key is the wildcard, or begins with what stands before its `*`.
    static boolean matches(String wildcard, String key) {
        return wildcard.endsWith("*")
                ? key.startsWith(wildcard.substring(0, wildcard.length() - 1))
                : key.equals(wildcard);
    }

    /// As [#matches], and without a `*` as if there was one.
    static boolean begins(String wildcard, String key) {
        return matches(wildcard.endsWith("*") ? wildcard : wildcard + "*", key);
    }
}
