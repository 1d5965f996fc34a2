package dev.monopod.host.guest;

/// What guests say, fit for logs, events and statuses: of bounded length, and without characters
/// that would end a line or steer a terminal.
public final class GuestWords {
    /// Of the words of a failed call.
    public static final int STATUS = 2 << 10;

    private GuestWords() {}

    /// One line of at most so many characters.
    public static String line(String said, int longest) {
        var line = new StringBuilder();
        for (var i = 0; i < said.length() && i < longest; i++) {
            var character = said.charAt(i);
            line.append(printable(character) ? character : ' ');
        }
        var text = cut(line.toString(), longest);
        return said.length() <= longest ? text : text + "…";
    }

    /// At most so many characters of it. A pair of two that are one letter is not cut in half: what
    /// is left of it is no text.
    public static String cut(String said, int longest) {
        var end = Math.min(said.length(), longest);
        if (end > 0 && Character.isHighSurrogate(said.charAt(end - 1))) {
            end--;
        }
        return said.substring(0, end);
    }

    private static boolean printable(char character) {
        return switch (Character.getType(character)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR ->
                    false;
            default -> true;
        };
    }
}
