package dev.monopod.logging.config;

import java.util.List;
import java.util.Optional;

/// A section of Fluent Bit's classic configuration: a directive such as `[FILTER]`, and the pairs
/// under it in the order written. A key may be there several times (`Regex` of `grep`).
///
/// @param kind as written, without brackets
/// @param line of the directive, from 1, in its file
public record Section(String kind, int line, List<Pair> pairs) {
    /// @param key as written
    /// @param value without blanks around it; empty if there is none
    /// @param line from 1, in its file
    public record Pair(String key, String value, int line) {
        /// Keys ignore case.
        public boolean is(String name) {
            return key.equalsIgnoreCase(name);
        }

        @Override
        public String toString() {
            return value.isEmpty() ? key : key + " " + value;
        }
    }

    public Section {
        pairs = List.copyOf(pairs);
    }

    boolean is(String name) {
        return kind.equalsIgnoreCase(name);
    }

    /// The first pair of that key.
    public Optional<Pair> pair(String key) {
        return pairs.stream().filter(pair -> pair.is(key)).findFirst();
    }

    /// The value of the first pair of that key.
    public Optional<String> value(String key) {
        return pair(key).map(Pair::value);
    }
}
