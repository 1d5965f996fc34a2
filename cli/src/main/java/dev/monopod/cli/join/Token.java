package dev.monopod.cli.join;

import java.util.random.RandomGenerator;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// A bootstrap token of Kubernetes.
///
/// @param id 6 letters or digits, no secret
/// @param secret 16 letters or digits
record Token(String id, String secret) {
    private static final Pattern FORM = Pattern.compile("([a-z0-9]{6})\\.([a-z0-9]{16})");
    private static final String LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789";
    private static final int ID_LENGTH = 6;
    private static final int SECRET_LENGTH = 16;

    /// Reads ID.SECRET.
    ///
    /// @throws IllegalArgumentException saying the form, and not the token: it is a secret
    static Token parse(String text) {
        var form = FORM.matcher(text);
        if (!form.matches()) {
            throw new IllegalArgumentException(
                    "not of the form ID.SECRET (6 and 16 letters or digits)");
        }
        return new Token(form.group(1), form.group(2));
    }

    /// @param random as good as the token is to be hard to guess
    static Token make(RandomGenerator random) {
        return new Token(letters(random, ID_LENGTH), letters(random, SECRET_LENGTH));
    }

    private static String letters(RandomGenerator random, int length) {
        return random.ints(length, 0, LETTERS.length())
                .mapToObj(index -> LETTERS.substring(index, index + 1))
                .collect(Collectors.joining());
    }

    /// ID.SECRET.
    String text() {
        return id + "." + secret;
    }

    /// Without the secret.
    @Override
    public String toString() {
        return "Token[" + id + "]";
    }
}
