package dev.monopod.agent.pod.status;

import dev.monopod.agent.pod.api.StatusPatch;
import dev.monopod.agent.pod.life.ResizeState;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.PodConditionBuilder;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// Renders how far the resize of a pod is, as a kubelet would. Pure.
final class ResizeConditions {
    private ResizeConditions() {}

    static List<PodCondition> of(ResizeState resize) {
        return Stream.concat(
                        resize.refusal().map(ResizeConditions::pending).stream(),
                        resize
                                .course()
                                .map(course -> inProgress(course, resize.trouble()))
                                .stream())
                .toList();
    }

    private static PodCondition pending(ResizeState.Refusal refusal) {
        return condition(StatusPatch.RESIZE_PENDING, refusal.generation(), refusal.since())
                .withReason("Infeasible")
                .withMessage(refusal.message())
                .build();
    }

    private static PodCondition inProgress(
            ResizeState.Course course, Optional<ResizeState.Trouble> trouble) {
        var since = trouble.map(ResizeState.Trouble::since).orElse(course.since());
        return condition(StatusPatch.RESIZE_IN_PROGRESS, course.generation(), since)
                .withReason(trouble.map(_ -> "Error").orElse(null))
                .withMessage(trouble.map(ResizeState.Trouble::message).orElse(""))
                .build();
    }

    private static PodConditionBuilder condition(String type, long generation, Instant since) {
        var at = PodStatusView.time(since);
        return new PodConditionBuilder()
                .withType(type)
                .withStatus("True")
                .withLastProbeTime(at)
                .withLastTransitionTime(at)
                .withObservedGeneration(generation);
    }
}
