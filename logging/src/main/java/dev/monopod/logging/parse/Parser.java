package dev.monopod.logging.parse;

import dev.monopod.logging.config.Fault;
import dev.monopod.logging.config.Parameters;
import dev.monopod.logging.config.Section;
import dev.monopod.logging.record.Value;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// One `[PARSER]`: takes a text apart, and finds its time. Thread-safe.
public final class Parser {
    private static final String TIME = "time";

    private final Format format;
    private final Time time;
    private final Map<String, Type> types;
    private final List<Decoder> decoders;

    /// @param key where the time stands
    private record Time(String key, Optional<TimeFormat> format, boolean keep) {}

    private enum Type {
        STRING,
        INTEGER,
        BOOL,
        FLOAT,
        HEX
    }

    /// What came of a text.
    ///
    /// @param time if the parser found one
    public record Parsed(Value.Table fields, Optional<Instant> time) {}

    private Parser(Format format, Time time, Map<String, Type> types, List<Decoder> decoders) {
        this.format = format;
        this.time = time;
        this.types = Map.copyOf(types);
        this.decoders = List.copyOf(decoders);
    }

    /// @param faults takes what is wrong with the section; the parser is of no use then
    public static Parser read(Section section, List<Fault> faults) {
        var parameters = new Parameters(section, "parsers.conf");
        parameters.ignore("name", "time_strict", "time_system_timezone");
        var parser =
                new Parser(
                        format(parameters),
                        time(parameters),
                        types(parameters),
                        decoders(parameters));
        faults.addAll(parameters.faults());
        return parser;
    }

    private static Format format(Parameters parameters) {
        var skipEmpty = parameters.flag("Skip_Empty_Values", true);
        var bareKeys = !parameters.flag("Logfmt_No_Bare_Keys", false);
        var regex = parameters.pairs("Regex");
        switch (parameters.text("Format", "").toLowerCase(Locale.ROOT)) {
            case "json" -> {
                return new Format.JsonObject();
            }
            case "logfmt" -> {
                return new Format.Logfmt(bareKeys);
            }
            case "ltsv" -> {
                return new Format.Ltsv();
            }
            case "regex" -> {
                if (regex.isEmpty()) {
                    parameters.wrong("The parser has no Regex", "its Format is regex");
                    return new Format.JsonObject();
                }
                return parameters
                        .expression(regex.getFirst(), regex.getFirst().value())
                        .<Format>map(expression -> new Format.Captures(expression, skipEmpty))
                        .orElseGet(Format.JsonObject::new);
            }
            default -> {
                parameters
                        .pairs("Format")
                        .forEach(pair ->
                                parameters.wrong(pair, "served are json, regex, logfmt and ltsv"));
                return new Format.JsonObject();
            }
        }
    }

    private static Time time(Parameters parameters) {
        var key = parameters.text("Time_Key");
        var keep = parameters.flag("Time_Keep", false);
        var offset = ZoneOffset.UTC;
        for (var pair : parameters.pairs("Time_Offset")) {
            try {
                offset = ZoneOffset.of(pair.value());
            } catch (DateTimeException e) {
                parameters.wrong(pair, "write an offset such as +0200");
            }
        }
        Optional<TimeFormat> format = Optional.empty();
        for (var pair : parameters.pairs("Time_Format")) {
            try {
                format = Optional.of(TimeFormat.of(pair.value(), offset));
            } catch (IllegalArgumentException e) {
                parameters.wrong(pair, e.getMessage() == null ? "unknown" : e.getMessage());
            }
        }
        return new Time(key.orElse(TIME), format, keep);
    }

    private static Map<String, Type> types(Parameters parameters) {
        var types = new LinkedHashMap<String, Type>();
        for (var pair : parameters.pairs("Types")) {
            for (var word : Parameters.words(pair.value(), Integer.MAX_VALUE)) {
                var colon = word.lastIndexOf(':');
                try {
                    types.put(
                            word.substring(0, Math.max(0, colon)),
                            Type.valueOf(word.substring(colon + 1).toUpperCase(Locale.ROOT)));
                } catch (IllegalArgumentException e) {
                    parameters.wrong(pair, "served are KEY:string, integer, bool, float and hex");
                }
            }
        }
        return types;
    }

    private static List<Decoder> decoders(Parameters parameters) {
        var decoders = new ArrayList<Decoder>();
        parameters.ignore("Decode_Field", "Decode_Field_As");
        for (var pair : parameters.pairs()) {
            if (pair.is("Decode_Field") || pair.is("Decode_Field_As")) {
                Decoder.of(pair.is("Decode_Field_As"), pair.value())
                        .ifPresentOrElse(
                                decoders::add,
                                () ->
                                        parameters.wrong(
                                                pair,
                                                "served are json, escaped and escaped_utf8, with a"
                                                        + " key and try_next or do_next"));
            }
        }
        return decoders;
    }

    /// Empty for a text that is not of the parser's format.
    ///
    /// @param about when the text was written
    public Optional<Parsed> parse(String text, Instant about) {
        return format.read(text).map(fields -> complete(fields, about));
    }

    private Parsed complete(Value.Table found, Instant about) {
        var fields = found.copy();
        Optional<Instant> when = Optional.empty();
        if (time.format().isPresent() && fields.get(time.key()) instanceof Value value) {
            when = time.format().get().parse(value.asText(), about);
            if (when.isPresent() && !time.keep()) {
                fields.remove(time.key());
            }
        }
        types.forEach(
                (key, type) -> fields.computeIfPresent(key, (_, value) -> typed(value, type)));
        Decoder.apply(decoders, fields);
        return new Parsed(new Value.Table(fields), when);
    }

    /// What is not of the type stays a text.
    private static Value typed(Value value, Type type) {
        if (!(value instanceof Value.Text(String text))) {
            return value;
        }
        try {
            return switch (type) {
                case STRING -> value;
                case INTEGER -> new Value.Whole(Long.parseLong(text.strip()));
                case HEX -> new Value.Whole(Long.parseLong(text.strip().replace("0x", ""), 16));
                case FLOAT -> new Value.Real(Double.parseDouble(text.strip()));
                case BOOL ->
                        text.equalsIgnoreCase("true") || text.equalsIgnoreCase("false")
                                ? new Value.Truth(text.equalsIgnoreCase("true"))
                                : value;
            };
        } catch (NumberFormatException e) {
            return value;
        }
    }
}
