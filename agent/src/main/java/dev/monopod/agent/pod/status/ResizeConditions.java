package dev.monopod.agent.pod.status;

import dev.monopod.agent.pod.api.StatusPatch;
import dev.monopod.agent.pod.life.ResizeState;
import dev.monopod.kube.client.ConditionState;
import io.fabric8.kubernetes.api.model.PodCondition;
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
        return new ConditionState(
                        StatusPatch.RESIZE_PENDING,
                        true,
                        "Infeasible",
                        refusal.message(),
                        refusal.generation())
                .probed(refusal.since());
    }

    private static PodCondition inProgress(
            ResizeState.Course course, Optional<ResizeState.Trouble> trouble) {
        return new ConditionState(
                        StatusPatch.RESIZE_IN_PROGRESS,
                        true,
                        trouble.isPresent() ? "Error" : "",
                        trouble.map(ResizeState.Trouble::message).orElse(""),
                        course.generation())
                .probed(trouble.map(ResizeState.Trouble::since).orElse(course.since()));
    }
}
