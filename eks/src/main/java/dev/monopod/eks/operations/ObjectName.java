package dev.monopod.eks.operations;

import dev.monopod.model.names.Digest;
import java.util.Locale;
import java.util.regex.Pattern;

/// Names of objects for profiles, whose own names may hold what a Kubernetes name cannot.
final class ObjectName {
    private static final Pattern NATURAL = Pattern.compile("[a-z0-9]([a-z0-9-]*[a-z0-9])?");
    private static final Pattern EXCLUDED = Pattern.compile("[^a-z0-9]+");
    private static final int DIGITS = 20;

    private ObjectName() {}

    /// Whether an object can have the profile's name.
    static boolean fits(String profile) {
        return NATURAL.matcher(profile).matches();
    }

    /// The same for the same profile, and another one for each other profile: with a digest after a
    /// dot, which no profile's name holds.
    static String derived(String profile) {
        var readable = EXCLUDED.matcher(profile.toLowerCase(Locale.ROOT)).replaceAll("-");
        var digest = Digest.of(profile);
        return (readable.endsWith("-") ? readable.substring(0, readable.length() - 1) : readable)
                + "."
                + digest.substring(0, DIGITS);
    }
}
