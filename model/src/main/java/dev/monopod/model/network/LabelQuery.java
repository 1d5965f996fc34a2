package dev.monopod.model.network;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/// Kubernetes' label selector: all parts must hold. Without parts it matches everything.
public record LabelQuery(Map<String, String> labels, List<Requirement> requirements) {
    public static final LabelQuery EVERYTHING = new LabelQuery(Map.of(), List.of());

    public LabelQuery {
        labels = Map.copyOf(labels);
        requirements = List.copyOf(requirements);
    }

    /// How a requirement compares.
    public enum Operator {
        IN,
        NOT_IN,
        EXISTS,
        DOES_NOT_EXIST
    }

    /// One expression over one label.
    ///
    /// @param values empty for EXISTS and DOES_NOT_EXIST
    public record Requirement(String key, Operator operator, Set<String> values) {
        public Requirement {
            values = Set.copyOf(values);
        }

        boolean holds(Map<String, String> of) {
            return switch (operator) {
                case IN -> of.containsKey(key) && values.contains(of.get(key));
                // As upstream: an absent label is in no set.
                case NOT_IN -> !of.containsKey(key) || !values.contains(of.get(key));
                case EXISTS -> of.containsKey(key);
                case DOES_NOT_EXIST -> !of.containsKey(key);
            };
        }
    }

    public boolean matches(Map<String, String> of) {
        return labels.entrySet().stream()
                        .allMatch(label -> label.getValue().equals(of.get(label.getKey())))
                && requirements.stream().allMatch(requirement -> requirement.holds(of));
    }

    /// The same for equal queries alone, whatever the order of their parts and what stands in them.
    String key() {
        var parts = new TreeSet<String>();
        labels.forEach((key, value) -> parts.add(Peer.quoted(key) + "=" + Peer.quoted(value)));
        for (var part : requirements) {
            var values = new TreeSet<String>();
            part.values.forEach(value -> values.add(Peer.quoted(value)));
            parts.add(Peer.quoted(part.key) + " " + part.operator + " " + values);
        }
        return parts.toString();
    }

    /// For people.
    @Override
    public String toString() {
        return new TreeMap<>(labels)
                + requirements.stream()
                        .map(part ->
                                part.key + " " + part.operator + " " + new TreeSet<>(part.values))
                        .sorted()
                        .toList()
                        .toString();
    }
}
