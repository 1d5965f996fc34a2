package dev.monopod.logging.record;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

/// What stands at a key of a record. Immutable.
public sealed interface Value {
    record Text(String text) implements Value {}

    record Whole(long number) implements Value {}

    record Real(double number) implements Value {}

    record Truth(boolean holds) implements Value {}

    /// JSON's `null`.
    record Nothing() implements Value {}

    record Items(List<Value> values) implements Value {
        public Items {
            values = List.copyOf(values);
        }
    }

    /// Keys in an order that filters keep.
    record Table(SequencedMap<String, Value> entries) implements Value {
        public static final Table EMPTY = new Table(new LinkedHashMap<>());

        public Table {
            entries = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(entries));
        }

        public static Table of(String key, Value value) {
            return new Table(new LinkedHashMap<>(Map.of(key, value)));
        }

        /// All values are texts.
        public static Table texts(Map<String, String> texts) {
            var entries = new LinkedHashMap<String, Value>();
            texts.forEach((key, text) -> entries.put(key, new Text(text)));
            return new Table(entries);
        }

        public Optional<Value> find(String key) {
            return Optional.ofNullable(entries.get(key));
        }

        public boolean has(String key) {
            return entries.containsKey(key);
        }

        /// For a change; the caller's own.
        public LinkedHashMap<String, Value> copy() {
            return new LinkedHashMap<>(entries);
        }
    }

    /// As it stands in a text that is made of parts of a record: a text as it is, all else as JSON.
    default String asText() {
        return this instanceof Text(String text) ? text : Json.write(this);
    }
}
