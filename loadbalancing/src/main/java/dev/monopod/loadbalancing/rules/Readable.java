package dev.monopod.loadbalancing.rules;

/// Text of users in messages: printable, and no longer than a reader needs.
final class Readable {
    private static final int MOST = 100;

    private Readable() {}

    static String text(String any) {
        var plain = any.replaceAll("[^ -~]", "?");
        return plain.length() <= MOST ? plain : plain.substring(0, MOST) + "...";
    }
}
