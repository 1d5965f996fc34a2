package dev.monopod.logging.config;

/// Something in the ConfigMap that disables logging.
///
/// @param words a sentence without its full stop, EKS' own where it is known
/// @param place the key of the ConfigMap, and the line there, for example `data[output.conf] line
///   2`
/// @param remedy what is there, and what may be: half a sentence, without a full stop
public record Fault(String words, String place, String remedy) {
    private static final int LONGEST_QUOTE = 80;

    /// In one sentence, for who writes the ConfigMap.
    public String message() {
        return "%s: %s: %s".formatted(place, words, remedy);
    }

    /// What the user wrote, cut where it would fill an event.
    static String quote(String text) {
        return text.length() <= LONGEST_QUOTE ? text : text.substring(0, LONGEST_QUOTE) + "…";
    }
}
