package dev.monopod.kube.client;

import io.fabric8.kubernetes.api.model.HasMetadata;
import java.util.Map;
import java.util.Set;

/// Which objects of a kind are watched.
///
/// @param fields fields and their values
/// @param otherFields fields and the values that they must not have
/// @param labels labels that must be there, with any value
public record Selection(
        Map<String, String> fields, Map<String, String> otherFields, Set<String> labels) {
    /// All of them.
    public static final Selection ALL = new Selection(Map.of(), Map.of(), Set.of());

    public Selection {
        fields = Map.copyOf(fields);
        otherFields = Map.copyOf(otherFields);
        labels = Set.copyOf(labels);
    }

    public static Selection labels(Set<String> labels) {
        return new Selection(Map.of(), Map.of(), labels);
    }

    public static Selection field(String field, String value) {
        return new Selection(Map.of(field, value), Map.of(), Set.of());
    }

    public static Selection labelled(String label) {
        return labels(Set.of(label));
    }

    /// Whether the object has the labels; what its fields say is not looked at.
    public boolean hasLabels(HasMetadata object) {
        var its = object.getMetadata().getLabels();
        return labels.isEmpty() || its != null && its.keySet().containsAll(labels);
    }
}
