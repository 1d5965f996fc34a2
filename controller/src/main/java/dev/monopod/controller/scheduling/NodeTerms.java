package dev.monopod.controller.scheduling;

import io.fabric8.kubernetes.api.model.NodeSelectorRequirement;
import io.fabric8.kubernetes.api.model.NodeSelectorTerm;
import io.fabric8.kubernetes.api.model.PodSpec;
import java.util.Map;

/// Judges a pod's nodeSelector and required node affinity against the Node that it would get.
/// Preferences and pod affinity are ignored, as in EKS.
final class NodeTerms {
    private NodeTerms() {}

    /// @param labels those of the Node, except the ones that hold its address
    static boolean accepts(PodSpec spec, Map<String, String> labels) {
        if (spec.getNodeSelector() != null
                && !labels.entrySet().containsAll(spec.getNodeSelector().entrySet())) {
            return false;
        }
        var affinity = spec.getAffinity();
        if (affinity == null
                || affinity.getNodeAffinity() == null
                || affinity.getNodeAffinity().getRequiredDuringSchedulingIgnoredDuringExecution()
                        == null) {
            return true;
        }
        return affinity
                .getNodeAffinity()
                .getRequiredDuringSchedulingIgnoredDuringExecution()
                .getNodeSelectorTerms()
                .stream()
                .anyMatch(term -> matches(term, labels));
    }

    private static boolean matches(NodeSelectorTerm term, Map<String, String> labels) {
        // An empty term selects nothing; fields name a Node, and this one has no name yet.
        return term.getMatchFields().isEmpty()
                && !term.getMatchExpressions().isEmpty()
                && term.getMatchExpressions().stream().allMatch(e -> matches(e, labels));
    }

    private static boolean matches(NodeSelectorRequirement wanted, Map<String, String> labels) {
        var value = labels.get(wanted.getKey());
        var values = wanted.getValues();
        return switch (wanted.getOperator()) {
            case "In" -> value != null && values.contains(value);
            case "NotIn" -> value == null || !values.contains(value);
            case "Exists" -> value != null;
            case "DoesNotExist" -> value == null;
            // Gt and Lt compare numbers, and none of these labels is one.
            default -> false;
        };
    }
}
