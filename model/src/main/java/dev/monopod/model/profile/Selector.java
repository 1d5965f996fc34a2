package dev.monopod.model.profile;

import java.util.Map;

/// Selects the pods of the namespaces that match, and that carry a label for each of its pairs.
/// Keys and values may hold wildcards.
public record Selector(String namespace, Map<String, String> labels) {
    public Selector {
        labels = Map.copyOf(labels);
    }

    /// Whether a pod of this namespace with these labels is selected.
    public boolean matches(String podNamespace, Map<String, String> podLabels) {
        return new Wildcard(namespace).matches(podNamespace)
                && labels.entrySet().stream().allMatch(pair -> carried(pair, podLabels));
    }

    private static boolean carried(Map.Entry<String, String> pair, Map<String, String> podLabels) {
        var key = new Wildcard(pair.getKey());
        var value = new Wildcard(pair.getValue());
        return podLabels.entrySet().stream()
                .anyMatch(label -> key.matches(label.getKey()) && value.matches(label.getValue()));
    }
}
