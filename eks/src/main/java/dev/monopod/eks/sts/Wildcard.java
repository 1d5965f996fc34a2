package dev.monopod.eks.sts;

/// A pattern in which `*` stands for any text and `?` for one character.
record Wildcard(String pattern) {
    /// In time that grows with the lengths of both, whatever the pattern.
    boolean matches(String text) {
        int at = 0;
        int place = 0;
        int star = -1;
        int retry = 0;
        while (at < text.length()) {
            if (place < pattern.length() && pattern.charAt(place) == '*') {
                star = place++;
                retry = at;
            } else if (place < pattern.length()
                    && (pattern.charAt(place) == '?' || pattern.charAt(place) == text.charAt(at))) {
                place++;
                at++;
            } else if (star >= 0) {
                place = star + 1;
                at = ++retry;
            } else {
                return false;
            }
        }
        while (place < pattern.length() && pattern.charAt(place) == '*') {
            place++;
        }
        return place == pattern.length();
    }
}
