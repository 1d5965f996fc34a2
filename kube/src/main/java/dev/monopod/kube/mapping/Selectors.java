package dev.monopod.kube.mapping;

import dev.monopod.model.network.LabelQuery;
import dev.monopod.model.network.LabelQuery.Operator;
import dev.monopod.model.network.LabelQuery.Requirement;
import io.fabric8.kubernetes.api.model.LabelSelector;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Kubernetes' label selectors as the model's queries.
public final class Selectors {
    private Selectors() {}

    /// @param selector absent: everything, as an empty one
    public static LabelQuery of(@Nullable LabelSelector selector) {
        if (selector == null) {
            return LabelQuery.EVERYTHING;
        }
        return new LabelQuery(
                Objects.requireNonNullElse(selector.getMatchLabels(), Map.of()),
                selector.getMatchExpressions().stream()
                        .map(part ->
                                new Requirement(
                                        part.getKey(),
                                        operator(part.getOperator()),
                                        part.getValues() == null
                                                ? Set.of()
                                                : Set.copyOf(part.getValues())))
                        .toList());
    }

    private static Operator operator(String name) {
        return switch (name) {
            case "In" -> Operator.IN;
            case "NotIn" -> Operator.NOT_IN;
            case "Exists" -> Operator.EXISTS;
            case "DoesNotExist" -> Operator.DOES_NOT_EXIST;
            default -> throw new IllegalArgumentException("operator of a selector: " + name);
        };
    }
}
