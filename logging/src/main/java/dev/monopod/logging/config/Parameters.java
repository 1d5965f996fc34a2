package dev.monopod.logging.config;

import dev.monopod.logging.record.Accessor;
import dev.monopod.logging.record.Expression;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/// What a section gives a plugin, read key by key. What is wrong, and what nobody has read, becomes
/// a fault, so that no parameter is passed over in silence. Of one thread.
public final class Parameters {
    /// Of every plugin: say nothing of what becomes of records.
    private static final Set<String> COMMON =
            Set.of("name", "match", "match_regex", "alias", "log_level");

    private final Section section;
    private final String file;
    private final Set<String> read = new HashSet<>(COMMON);
    private final List<Fault> faults = new ArrayList<>();

    /// @param file where the section stands
    public Parameters(Section section, String file) {
        this.section = section;
        this.file = file;
    }

    /// In lower case; empty if there is none.
    public String plugin() {
        return text("Name", "").toLowerCase(Locale.ROOT);
    }

    public Optional<String> text(String key) {
        return pairs(key).stream().findFirst().map(Section.Pair::value);
    }

    public String text(String key, String otherwise) {
        return text(key).orElse(otherwise);
    }

    public boolean flag(String key, boolean otherwise) {
        var pair = pairs(key).stream().findFirst();
        return pair.map(one ->
                        switch (one.value().toLowerCase(Locale.ROOT)) {
                            case "on", "true", "yes" -> true;
                            case "off", "false", "no" -> false;
                            default -> {
                                wrong(one, "write On or Off");
                                yield otherwise;
                            }
                        })
                .orElse(otherwise);
    }

    /// A whole number from 0 on.
    public int number(String key, int otherwise) {
        var pair = pairs(key).stream().findFirst();
        return pair.map(
                        one -> {
                            if (one.value().matches("[0-9]{1,9}")) {
                                return Integer.parseInt(one.value());
                            }
                            wrong(one, "write a whole number");
                            return otherwise;
                        })
                .orElse(otherwise);
    }

    /// All pairs of a key, in the order written.
    public List<Section.Pair> pairs(String key) {
        read.add(key.toLowerCase(Locale.ROOT));
        return section.pairs().stream().filter(pair -> pair.is(key)).toList();
    }

    /// All pairs of the section, in the order written; each counts as read.
    public List<Section.Pair> pairs() {
        section.pairs().forEach(pair -> read.add(pair.key().toLowerCase(Locale.ROOT)));
        return section.pairs();
    }

    /// Keys that change nothing here.
    public void ignore(String... keys) {
        for (var key : keys) {
            read.add(key.toLowerCase(Locale.ROOT));
        }
    }

    /// Keys that may be there only with a value that changes nothing.
    public void unless(String key, String... harmless) {
        pairs(key).stream()
                .filter(pair -> !List.of(harmless).contains(pair.value().toLowerCase(Locale.ROOT)))
                .forEach(pair -> wrong(pair, "Monopod does not serve it"));
    }

    public Optional<Expression> expression(Section.Pair pair, String text) {
        try {
            return Optional.of(Expression.of(text));
        } catch (IllegalArgumentException e) {
            wrong(pair, "it is no regular expression: " + e.getMessage());
            return Optional.empty();
        }
    }

    /// What the value of a key names in a record.
    public Optional<Accessor> accessor(String key) {
        return pairs(key).stream().findFirst().flatMap(pair -> accessor(pair, pair.value()));
    }

    public Optional<Accessor> accessor(Section.Pair pair, String text) {
        var accessor = Accessor.of(text);
        if (accessor.isEmpty()) {
            wrong(pair, "'%s' names no key of a record".formatted(Fault.quote(text)));
        }
        return accessor;
    }

    /// @param remedy half a sentence, without a full stop
    public void wrong(Section.Pair pair, String remedy) {
        faults.add(
                new Fault(
                        "'%s' is not served".formatted(Fault.quote(pair.toString())),
                        SectionReader.place(file, pair.line()),
                        remedy));
    }

    /// Something that the section as a whole lacks, or is.
    public void wrong(String words, String remedy) {
        faults.add(new Fault(words, SectionReader.place(file, section.line()), remedy));
    }

    /// What is wrong, with the keys that nobody read.
    public List<Fault> faults() {
        var all = new ArrayList<>(faults);
        section.pairs().stream()
                .filter(pair -> !read.contains(pair.key().toLowerCase(Locale.ROOT)))
                .forEach(pair ->
                        all.add(
                                new Fault(
                                        "'%s' is not served"
                                                .formatted(Fault.quote(pair.toString())),
                                        SectionReader.place(file, pair.line()),
                                        "%s has no such parameter here"
                                                .formatted(
                                                        Fault.quote(
                                                                section.value("Name")
                                                                        .orElse("the section"))))));
        return List.copyOf(all);
    }

    /// The parts between blanks; blanks within double quotes belong to a part.
    ///
    /// @param most the last part has all that is left
    public static List<String> words(String text, int most) {
        var words = new ArrayList<String>();
        var at = 0;
        while (at < text.length() && words.size() < most) {
            if (Character.isWhitespace(text.charAt(at))) {
                at++;
                continue;
            }
            if (words.size() == most - 1) {
                words.add(unquoted(text.substring(at).strip()));
                break;
            }
            var quoted = text.charAt(at) == '"' && text.indexOf('"', at + 1) > 0;
            var end = quoted ? text.indexOf('"', at + 1) : at;
            while (!quoted && end < text.length() && !Character.isWhitespace(text.charAt(end))) {
                end++;
            }
            words.add(text.substring(quoted ? at + 1 : at, end));
            at = quoted ? end + 1 : end;
        }
        return List.copyOf(words);
    }

    private static String unquoted(String text) {
        return text.length() > 1 && text.startsWith("\"") && text.endsWith("\"")
                ? text.substring(1, text.length() - 1)
                : text;
    }
}
