package dev.monopod.logging.record;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import org.jcodings.specific.UTF8Encoding;
import org.joni.Matcher;
import org.joni.NameEntry;
import org.joni.Option;
import org.joni.Regex;
import org.joni.Region;
import org.joni.Syntax;
import org.joni.exception.JOniException;
import org.joni.exception.TimeoutException;

/// A regular expression of Ruby's kind, as Fluent Bit has them: `EXPRESSION`, or `/EXPRESSION/imx`.
/// A search that takes longer than a second finds nothing. Thread-safe.
public final class Expression {
    private static final long LONGEST_NANOS = 1_000_000_000L;

    private final String text;
    private final Regex regex;

    private Expression(String text, Regex regex) {
        this.text = text;
        this.regex = regex;
    }

    /// @param groups what was captured, the whole match first; empty where a group took no part
    /// @param names what the named groups captured, in the order of the expression
    public record Found(List<String> groups, SequencedMap<String, String> names) {}

    /// @throws IllegalArgumentException with the reason, for a text that is no expression
    public static Expression of(String text) {
        var options = Option.CAPTURE_GROUP;
        var pattern = text;
        var slash = text.lastIndexOf('/');
        if (text.startsWith("/") && slash > 0 && text.substring(slash + 1).matches("[imxo]*")) {
            pattern = text.substring(1, slash);
            for (var flag : text.substring(slash + 1).toCharArray()) {
                options |=
                        switch (flag) {
                            case 'i' -> Option.IGNORECASE;
                            case 'm' -> Option.MULTILINE;
                            case 'x' -> Option.EXTEND;
                            default -> Option.NONE;
                        };
            }
        }
        var bytes = pattern.getBytes(StandardCharsets.UTF_8);
        try {
            return new Expression(
                    text,
                    new Regex(bytes, 0, bytes.length, options, UTF8Encoding.INSTANCE, Syntax.RUBY));
        } catch (JOniException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    public boolean matches(String subject) {
        var bytes = subject.getBytes(StandardCharsets.UTF_8);
        return search(regex.matcher(bytes, 0, bytes.length, LONGEST_NANOS), bytes.length);
    }

    /// Whether it matches from the beginning on.
    public boolean matchesStart(String subject) {
        var bytes = subject.getBytes(StandardCharsets.UTF_8);
        var matcher = regex.matcher(bytes, 0, bytes.length, LONGEST_NANOS);
        try {
            return matcher.matchInterruptible(0, bytes.length, Option.NONE) >= 0;
        } catch (TimeoutException | JOniException e) {
            return false;
        } catch (InterruptedException e) {
            return interrupted();
        }
    }

    public Optional<Found> find(String subject) {
        var bytes = subject.getBytes(StandardCharsets.UTF_8);
        var matcher = regex.matcher(bytes, 0, bytes.length, LONGEST_NANOS);
        if (!search(matcher, bytes.length)) {
            return Optional.empty();
        }
        var region = matcher.getEagerRegion();
        var groups = new ArrayList<String>();
        for (var i = 0; i < region.getNumRegs(); i++) {
            groups.add(group(bytes, region, i));
        }
        var names = new LinkedHashMap<String, String>();
        for (var named = regex.namedBackrefIterator(); named.hasNext(); ) {
            NameEntry entry = named.next();
            var name =
                    new String(
                            entry.name,
                            entry.nameP,
                            entry.nameEnd - entry.nameP,
                            StandardCharsets.UTF_8);
            for (var reference : entry.getBackRefs()) {
                names.merge(name, groups.get(reference), (one, other) -> one + other);
            }
        }
        return Optional.of(new Found(List.copyOf(groups), names));
    }

    private static boolean search(Matcher matcher, int length) {
        try {
            return matcher.searchInterruptible(0, length, Option.NONE) >= 0;
        } catch (TimeoutException | JOniException e) {
            return false;
        } catch (InterruptedException e) {
            return interrupted();
        }
    }

    /// The pass that asked ends soon.
    private static boolean interrupted() {
        Thread.currentThread().interrupt();
        return false;
    }

    private static String group(byte[] bytes, Region region, int number) {
        var from = region.getBeg(number);
        return from < 0
                ? ""
                : new String(bytes, from, region.getEnd(number) - from, StandardCharsets.UTF_8);
    }

    @Override
    public String toString() {
        return text;
    }
}
