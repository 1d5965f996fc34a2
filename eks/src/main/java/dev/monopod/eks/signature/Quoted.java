package dev.monopod.eks.signature;

/// What a stranger sent, as an answer may repeat it: short, and printable.
final class Quoted {
    private static final int LENGTH_MAX = 64;

    private Quoted() {}

    static String of(String text) {
        var printable = text.replaceAll("[^ -~]", "?");
        return printable.length() <= LENGTH_MAX
                ? printable
                : printable.substring(0, LENGTH_MAX) + "…";
    }
}
