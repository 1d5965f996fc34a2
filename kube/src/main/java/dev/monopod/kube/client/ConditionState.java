package dev.monopod.kube.client;

import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.ConditionBuilder;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.PodConditionBuilder;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// What a condition says now. Written as a condition, it keeps the time of its last transition as
/// long as its status stays. Pure.
///
/// @param generation of the specification it speaks of; null where conditions name none
public record ConditionState(
        String type, boolean holds, String reason, String message, @Nullable Long generation) {

    public ConditionState(String type, boolean holds, String reason, String message) {
        this(type, holds, reason, message, null);
    }

    public ConditionState observed(@Nullable Long generation) {
        return new ConditionState(type, holds, reason, message, generation);
    }

    private String status() {
        return holds ? "True" : "False";
    }

    /// As Monopod's own kinds and the Gateway API write it.
    ///
    /// @param before the object's conditions so far
    public Condition condition(Collection<Condition> before, Instant now) {
        return new ConditionBuilder()
                .withType(type)
                .withStatus(status())
                .withReason(reason)
                .withMessage(message)
                .withObservedGeneration(generation)
                .withLastTransitionTime(
                        since(
                                before,
                                each -> says(each.getType(), each.getStatus()),
                                Condition::getLastTransitionTime,
                                now))
                .build();
    }

    /// As pods write it: without a reason or a message that is empty.
    ///
    /// @param before the pod's conditions so far
    public PodCondition podCondition(Collection<PodCondition> before, Instant now) {
        return new PodConditionBuilder()
                .withType(type)
                .withStatus(status())
                .withReason(reason.isEmpty() ? null : reason)
                .withMessage(message.isEmpty() ? null : message)
                .withObservedGeneration(generation)
                .withLastTransitionTime(
                        since(
                                before,
                                each -> says(each.getType(), each.getStatus()),
                                PodCondition::getLastTransitionTime,
                                now))
                .build();
    }

    /// As a pod writes what was found at a time of its own: looked for and changed then.
    public PodCondition probed(Instant since) {
        var condition = podCondition(List.of(), since);
        condition.setLastProbeTime(condition.getLastTransitionTime());
        return condition;
    }

    /// Whether one of these conditions has this type, status, reason and message already.
    public boolean isToldBy(Collection<PodCondition> conditions) {
        return conditions.stream()
                .filter(each -> says(each.getType(), each.getStatus()))
                .anyMatch(each ->
                        reason.equals(Objects.requireNonNullElse(each.getReason(), ""))
                                && message.equals(
                                        Objects.requireNonNullElse(each.getMessage(), "")));
    }

    private boolean says(String otherType, String otherStatus) {
        return type.equals(otherType) && status().equals(otherStatus);
    }

    private static <T> String since(
            Collection<T> before, Predicate<T> same, Function<T, String> time, Instant now) {
        return before.stream()
                .filter(same)
                .map(time)
                .flatMap(Stream::ofNullable)
                .findFirst()
                .orElseGet(() -> now.truncatedTo(ChronoUnit.SECONDS).toString());
    }
}
