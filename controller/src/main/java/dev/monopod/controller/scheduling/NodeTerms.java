package dev.monopod.controller.scheduling;

import io.fabric8.kubernetes.api.model.Affinity;
import io.fabric8.kubernetes.api.model.NodeAffinity;
import io.fabric8.kubernetes.api.model.NodeSelector;
import io.fabric8.kubernetes.api.model.NodeSelectorRequirement;
import io.fabric8.kubernetes.api.model.NodeSelectorTerm;
import io.fabric8.kubernetes.api.model.PodSpec;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Judges a pod's nodeSelector and required node affinity against the Node that it would get.
/// Preferences and pod affinity are ignored, as in EKS.
final class NodeTerms {
    /// Of a list, as many are written into a message.
    private static final int MOST_PARTS = 5;

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

    /// What the pod asks for that no Node in these places has, in short; everything it asks for
    /// when each alone is met somewhere.
    ///
    /// @param places labels of a Node in each
    static String unmet(PodSpec spec, List<Map<String, String>> places) {
        var selector = Objects.requireNonNullElse(spec.getNodeSelector(), Map.<String, String>of());
        var missing =
                selector.entrySet().stream()
                        .filter(pair ->
                                places.stream()
                                        .noneMatch(labels -> labels.entrySet().contains(pair)))
                        .map(NodeTerms::text)
                        .toList();
        if (!missing.isEmpty()) {
            return "nodeSelector " + inShort(missing, ", ");
        }
        var asked = selector.entrySet().stream().map(NodeTerms::text);
        var terms = terms(spec).stream().map(term -> "(" + text(term) + ")").toList();
        return Stream.of(
                        selector.isEmpty() ? "" : "nodeSelector " + inShort(asked.toList(), ", "),
                        terms.isEmpty() ? "" : "required node affinity " + inShort(terms, " or "))
                .filter(part -> !part.isEmpty())
                .collect(Collectors.joining(" and "));
    }

    private static String inShort(List<String> parts, String separator) {
        var more = parts.size() - MOST_PARTS;
        return parts.stream().limit(MOST_PARTS).collect(Collectors.joining(separator))
                + (more > 0 ? separator + more + " more" : "");
    }

    private static String text(Map.Entry<String, String> pair) {
        return pair.getKey() + "=" + pair.getValue();
    }

    private static String text(NodeSelectorTerm term) {
        var parts =
                Stream.concat(term.getMatchExpressions().stream(), term.getMatchFields().stream())
                        .map(NodeTerms::text)
                        .toList();
        return parts.isEmpty() ? "a term without expressions" : inShort(parts, " and ");
    }

    private static String text(NodeSelectorRequirement wanted) {
        return wanted.getValues().isEmpty()
                ? wanted.getKey() + " " + wanted.getOperator()
                : "%s %s [%s]"
                        .formatted(
                                wanted.getKey(),
                                wanted.getOperator(),
                                inShort(wanted.getValues(), ", "));
    }

    private static List<NodeSelectorTerm> terms(PodSpec spec) {
        return Optional.ofNullable(spec.getAffinity())
                .map(Affinity::getNodeAffinity)
                .map(NodeAffinity::getRequiredDuringSchedulingIgnoredDuringExecution)
                .map(NodeSelector::getNodeSelectorTerms)
                .orElse(List.of());
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
