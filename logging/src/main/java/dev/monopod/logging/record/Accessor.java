package dev.monopod.logging.record;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/// Names a part of a record: `key`, or Fluent Bit's record accessor, `$key['nested'][0]`. In the
/// latter form a dot belongs to the key. Source: Fluent Bit's manual, "Record accessor".
public final class Accessor {
    private static final Pattern STEP =
            Pattern.compile("\\G\\[(?:'([^']*)'|\"([^\"]*)\"|([0-9]{1,6}))\\]");

    /// @param step a key, or the number of an item
    private sealed interface Step {
        record Key(String key) implements Step {}

        record Item(int number) implements Step {}
    }

    private final List<Step> steps;

    private Accessor(List<Step> steps) {
        this.steps = List.copyOf(steps);
    }

    /// Empty if it begins with `$` and is no record accessor.
    public static Optional<Accessor> of(String text) {
        if (!text.startsWith("$")) {
            return Optional.of(new Accessor(List.of(new Step.Key(text))));
        }
        var bracket = text.indexOf('[');
        var first = text.substring(1, bracket < 0 ? text.length() : bracket);
        List<Step> steps = new ArrayList<>(List.of(new Step.Key(first)));
        var at = bracket < 0 ? text.length() : bracket;
        var matcher = STEP.matcher(text);
        while (at < text.length() && matcher.find(at)) {
            steps.add(step(matcher.group(1), matcher.group(2), matcher.group(3)));
            at = matcher.end();
        }
        return first.isEmpty() || at < text.length()
                ? Optional.empty()
                : Optional.of(new Accessor(steps));
    }

    private static Step step(
            @org.jspecify.annotations.Nullable String single,
            @org.jspecify.annotations.Nullable String quoted,
            @org.jspecify.annotations.Nullable String number) {
        if (number != null) {
            return new Step.Item(Integer.parseInt(number));
        }
        return new Step.Key(single != null ? single : quoted != null ? quoted : "");
    }

    public Optional<Value> find(Value.Table body) {
        Optional<Value> found = Optional.of(body);
        for (var step : steps) {
            found = found.flatMap(value -> below(value, step));
        }
        return found;
    }

    /// The key, if it names one of the record itself.
    public Optional<String> onlyKey() {
        return steps.size() == 1 && steps.getFirst() instanceof Step.Key(String key)
                ? Optional.of(key)
                : Optional.empty();
    }

    /// What stands there, if it is a text.
    public Optional<String> text(Value.Table body) {
        return find(body)
                .flatMap(value ->
                        value instanceof Value.Text(String text)
                                ? Optional.of(text)
                                : Optional.empty());
    }

    /// As those that name the same part.
    @Override
    public boolean equals(@org.jspecify.annotations.Nullable Object other) {
        return other instanceof Accessor accessor && steps.equals(accessor.steps);
    }

    @Override
    public int hashCode() {
        return steps.hashCode();
    }

    private static Optional<Value> below(Value value, Step step) {
        return switch (step) {
            case Step.Key(String key) ->
                    value instanceof Value.Table table ? table.find(key) : Optional.empty();
            case Step.Item(int number) ->
                    value instanceof Value.Items(var values) && number < values.size()
                            ? Optional.of(values.get(number))
                            : Optional.empty();
        };
    }
}
