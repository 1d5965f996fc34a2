package dev.monopod.eks.identity;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;

/// The ids that AWS gives: four letters that say of what, and 16 of `A-Z 2-7`.
public final class Identifiers {
    private static final String LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    private static final int LENGTH = 16;
    private static final Pattern FORM = Pattern.compile("[A-Z]{4}[A-Z2-7]{16}");

    private Identifiers() {}

    /// An id that nobody has.
    static String random(String kind, RandomGenerator random) {
        var id = new StringBuilder(kind);
        for (int i = 0; i < LENGTH; i++) {
            id.append(LETTERS.charAt(random.nextInt(LETTERS.length())));
        }
        return id.toString();
    }

    /// The id of what has that ARN: always the same, and nobody else's.
    ///
    /// @param kind such as `AIDA` of a user, `AROA` of a role
    public static String derived(String kind, String arn) {
        var hash = sha256(arn);
        var id = new StringBuilder(kind);
        for (int i = 0; i < LENGTH; i++) {
            id.append(LETTERS.charAt(hash[i] & 31));
        }
        return id.toString();
    }

    /// Whether it can be one of that kind.
    static boolean isOne(String kind, String id) {
        return id.startsWith(kind) && FORM.matcher(id).matches();
    }

    private static byte[] sha256(String text) {
        try {
            return MessageDigest.getInstance("SHA-256")
                    .digest(text.getBytes(StandardCharsets.UTF_8));
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException("every Java has SHA-256", impossible);
        }
    }
}
