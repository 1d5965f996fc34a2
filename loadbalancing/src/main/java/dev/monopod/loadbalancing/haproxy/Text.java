package dev.monopod.loadbalancing.haproxy;

/// Words of HAProxy's configuration. Users write what stands in them, so nothing of it may end its
/// word.
final class Text {
    private static final String EXPRESSION_SIGNS = "\\.[]{}()<>*+-=!?^$|";

    private Text() {}

    /// One word, whatever is in it.
    static String word(String text) {
        return "'" + clean(text).replace("'", "'\\''") + "'";
    }

    /// One word in which HAProxy would expand `%`.
    static String format(String text) {
        return word(text.replace("%", "%%"));
    }

    /// A regular expression that holds for the text alone.
    static String expression(String text) {
        var quoted = new StringBuilder();
        text.chars()
                .forEach(sign -> {
                    if (EXPRESSION_SIGNS.indexOf(sign) >= 0) {
                        quoted.append('\\');
                    }
                    quoted.append((char) sign);
                });
        return quoted.toString();
    }

    /// The right side of a replacement that stands for the text alone.
    static String replacement(String text) {
        return text.replace("\\", "\\\\").replace("%", "%%");
    }

    private static String clean(String text) {
        return text.replaceAll("\\p{Cntrl}", "?");
    }
}
