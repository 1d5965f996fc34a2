package dev.monopod.logging.parse;

/// Texts that were escaped as in C and JSON.
final class Escapes {
    private Escapes() {}

    /// What is no escape stays as it is.
    static String undo(String text) {
        var plain = new StringBuilder(text.length());
        for (var at = 0; at < text.length(); at++) {
            var sign = text.charAt(at);
            if (sign != '\\' || at + 1 == text.length()) {
                plain.append(sign);
                continue;
            }
            var next = text.charAt(++at);
            switch (next) {
                case 'n' -> plain.append('\n');
                case 't' -> plain.append('\t');
                case 'r' -> plain.append('\r');
                case 'b' -> plain.append('\b');
                case 'f' -> plain.append('\f');
                case '"', '\'', '\\', '/' -> plain.append(next);
                case 'u' -> {
                    if (text.regionMatches(at, "u", 0, 1) && hex(text, at + 1)) {
                        plain.append((char) Integer.parseInt(text.substring(at + 1, at + 5), 16));
                        at += 4;
                    } else {
                        plain.append("\\u");
                    }
                }
                default -> plain.append('\\').append(next);
            }
        }
        return plain.toString();
    }

    private static boolean hex(String text, int from) {
        return from + 4 <= text.length()
                && text.substring(from, from + 4).matches("[0-9a-fA-F]{4}");
    }
}
