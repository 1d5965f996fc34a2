package dev.monopod.logging.parse;

import dev.monopod.logging.record.Expression;
import dev.monopod.logging.record.Json;
import dev.monopod.logging.record.Value;
import java.util.LinkedHashMap;
import java.util.Optional;

/// How a text is taken apart. Source: Fluent Bit's manual, "Parsers".
sealed interface Format {
    /// Empty for a text that is not of this format.
    Optional<Value.Table> read(String text);

    record JsonObject() implements Format {
        @Override
        public Optional<Value.Table> read(String text) {
            return Json.table(text);
        }
    }

    /// @param skipEmpty a group that captured nothing gives no key
    record Captures(Expression expression, boolean skipEmpty) implements Format {
        @Override
        public Optional<Value.Table> read(String text) {
            return expression
                    .find(text)
                    .map(found -> {
                        var entries = new LinkedHashMap<String, Value>();
                        found.names()
                                .forEach((name, captured) -> {
                                    if (!captured.isEmpty() || !skipEmpty) {
                                        entries.put(name, new Value.Text(captured));
                                    }
                                });
                        return new Value.Table(entries);
                    });
        }
    }

    /// `key=value other="two words"`; a key alone is true.
    ///
    /// @param bareKeys whether such keys may be there
    record Logfmt(boolean bareKeys) implements Format {
        @Override
        public Optional<Value.Table> read(String text) {
            var entries = new LinkedHashMap<String, Value>();
            var at = 0;
            while (at < text.length()) {
                if (text.charAt(at) <= ' ') {
                    at++;
                    continue;
                }
                var from = at;
                while (at < text.length() && text.charAt(at) > ' ' && text.charAt(at) != '=') {
                    at++;
                }
                var key = text.substring(from, at);
                if (at >= text.length() || text.charAt(at) != '=') {
                    if (!bareKeys) {
                        return Optional.empty();
                    }
                    entries.put(key, new Value.Truth(true));
                    continue;
                }
                var value = new StringBuilder();
                at = value(text, at + 1, value);
                if (!key.isEmpty()) {
                    entries.put(key, new Value.Text(value.toString()));
                }
            }
            return entries.isEmpty() ? Optional.empty() : Optional.of(new Value.Table(entries));
        }

        /// Returns where the value ends.
        private static int value(String text, int from, StringBuilder value) {
            var at = from;
            if (at >= text.length() || text.charAt(at) != '"') {
                while (at < text.length() && text.charAt(at) > ' ') {
                    value.append(text.charAt(at++));
                }
                return at;
            }
            var quoted = new StringBuilder();
            for (at++; at < text.length() && text.charAt(at) != '"'; at++) {
                if (text.charAt(at) == '\\' && at + 1 < text.length()) {
                    quoted.append(text.charAt(at++));
                }
                quoted.append(text.charAt(at));
            }
            value.append(Escapes.undo(quoted.toString()));
            return Math.min(at + 1, text.length());
        }
    }

    /// `label:value`, between tabs.
    record Ltsv() implements Format {
        @Override
        public Optional<Value.Table> read(String text) {
            var entries = new LinkedHashMap<String, Value>();
            for (var field : text.split("\t", -1)) {
                var colon = field.indexOf(':');
                if (colon > 0) {
                    entries.put(
                            field.substring(0, colon),
                            new Value.Text(field.substring(colon + 1).stripTrailing()));
                }
            }
            return entries.isEmpty() ? Optional.empty() : Optional.of(new Value.Table(entries));
        }
    }
}
