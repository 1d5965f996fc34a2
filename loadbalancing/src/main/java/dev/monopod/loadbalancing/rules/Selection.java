package dev.monopod.loadbalancing.rules;

import io.fabric8.kubernetes.api.model.LabelSelector;
import java.util.Map;
import java.util.Objects;

/// Kubernetes' label selectors. One without parts selects everything, one that can't be read
/// nothing.
final class Selection {
    private Selection() {}

    static boolean matches(LabelSelector selector, Map<String, String> labels) {
        var equal = Objects.requireNonNullElse(selector.getMatchLabels(), Map.<String, String>of());
        return equal.entrySet().stream()
                        .allMatch(
                                each -> Objects.equals(labels.get(each.getKey()), each.getValue()))
                && selector.getMatchExpressions().stream()
                        .allMatch(each ->
                                switch (each.getOperator()) {
                                    case "In" ->
                                            each.getValues().contains(labels.get(each.getKey()));
                                    case "NotIn" ->
                                            !each.getValues().contains(labels.get(each.getKey()));
                                    case "Exists" -> labels.containsKey(each.getKey());
                                    case "DoesNotExist" -> !labels.containsKey(each.getKey());
                                    default -> false;
                                });
    }
}
