package dev.monopod.agent.pod.status;

import dev.monopod.agent.pod.life.ContainerPhase;
import dev.monopod.agent.pod.life.ContainerRecord;
import dev.monopod.agent.pod.life.PodState;
import dev.monopod.agent.pod.life.Termination;
import dev.monopod.agent.pod.spec.ContainerIds;
import dev.monopod.agent.pod.spec.ContainerPlan;
import dev.monopod.agent.pod.spec.Signals;
import io.fabric8.kubernetes.api.model.ContainerState;
import io.fabric8.kubernetes.api.model.ContainerStateBuilder;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.ContainerStatusBuilder;
import io.fabric8.kubernetes.api.model.Lifecycle;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.api.model.VolumeMountStatus;
import io.fabric8.kubernetes.api.model.VolumeMountStatusBuilder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/// Renders the status of one container as a kubelet would. Pure.
record ContainerStatusView(PodState state, PodFacts facts) {
    /// What the messages of all containers of a pod may have together, as under a kubelet: each has
    /// its equal part, whether the others need theirs or not.
    private static final int MESSAGE_BYTES = 12 << 10;

    ContainerStatus of(ContainerRecord container) {
        var status =
                new ContainerStatusBuilder()
                        .withName(container.name())
                        .withImage(container.plan().spec().getImage())
                        .withImageID(facts.imageIds().getOrDefault(container.name(), ""))
                        .withRestartCount(container.attempt())
                        .withStarted(container.runs() && container.started())
                        .withReady(ready(container))
                        .withVolumeMounts(
                                container.plan().spec().getVolumeMounts().stream()
                                        .map(ContainerStatusView::mount)
                                        .toList())
                        .withState(current(container));
        if (container.plan().kind() != ContainerPlan.Kind.EPHEMERAL) {
            resources(status, container);
        }
        container.last().ifPresent(end -> status.withLastState(terminated(end)));
        id(container)
                .ifPresent(id -> {
                    status.withContainerID(ContainerIds.withScheme(id));
                    begun(status, container);
                });
        return status.build();
    }

    /// What it was granted, and what it has of that.
    private void resources(ContainerStatusBuilder status, ContainerRecord container) {
        var resize = state.resize();
        var settled = container.runs() && !resize.restarts(container.name(), container.attempt());
        var requests = resize.granted().container(container.name()).getRequests();
        status.withAllocatedResources(requests == null || requests.isEmpty() ? null : requests)
                .withResources(
                        (settled ? resize.held() : resize.granted()).container(container.name()));
    }

    /// What is known of a container only once it was made.
    private void begun(ContainerStatusBuilder status, ContainerRecord container) {
        var spec = container.plan().spec();
        if (container.plan().kind() == ContainerPlan.Kind.EPHEMERAL) {
            var resources =
                    Optional.ofNullable(spec.getResources()).orElseGet(ResourceRequirements::new);
            status.withResources(resources).withAllocatedResources(resources.getRequests());
        }
        status.withStopSignal(
                Optional.ofNullable(spec.getLifecycle())
                        .map(Lifecycle::getStopSignal)
                        .map(own -> Signals.name(Signals.parse(Optional.of(own))))
                        .orElse(null));
        Optional.ofNullable(facts.users().get(container.name()))
                .ifPresent(user ->
                        status.withNewUser()
                                .withNewLinux()
                                .withUid(user.getUid())
                                .withGid(user.getGid())
                                .withSupplementalGroups(user.getGroupsList())
                                .endLinux()
                                .endUser());
    }

    private static VolumeMountStatus mount(VolumeMount mount) {
        var readOnly = Boolean.TRUE.equals(mount.getReadOnly());
        var recursive = mount.getRecursiveReadOnly();
        var deep = recursive != null && !recursive.equals("Disabled");
        return new VolumeMountStatusBuilder()
                .withName(mount.getName())
                .withMountPath(mount.getMountPath())
                .withReadOnly(readOnly ? Boolean.TRUE : null)
                .withRecursiveReadOnly(!readOnly ? null : deep ? "Enabled" : "Disabled")
                .build();
    }

    private Optional<String> id(ContainerRecord container) {
        return switch (container.phase()) {
            case ContainerPhase.Running _ when container.runs() ->
                    Optional.of(
                            ContainerIds.of(
                                    state.plan().uid(), container.name(), container.attempt()));
            case ContainerPhase.Terminated(Termination end) -> Optional.of(end.containerId());
            case ContainerPhase.Running _, ContainerPhase.Waiting _, ContainerPhase.Starting _ ->
                    container.last().map(Termination::containerId);
        };
    }

    private static boolean ready(ContainerRecord container) {
        return switch (container.plan().kind()) {
            case INIT ->
                    container.phase() instanceof ContainerPhase.Terminated(Termination end)
                            && end.succeeded();
            case SIDECAR, MAIN -> container.runs() && container.ready();
            case EPHEMERAL -> false;
        };
    }

    private ContainerState current(ContainerRecord container) {
        return switch (container.phase()) {
            case ContainerPhase.Running running when container.runs() ->
                    new ContainerStateBuilder()
                            .withNewRunning()
                            .withStartedAt(PodStatusView.time(running.startedAt()))
                            .endRunning()
                            .build();
            case ContainerPhase.Terminated(Termination end) -> terminated(end);
            case ContainerPhase.Running _, ContainerPhase.Starting _ -> waiting("", "");
            case ContainerPhase.Waiting waiting -> {
                var between =
                        waiting.reason().equals("CrashLoopBackOff")
                                && container.last().isPresent()
                                && waiting.atOnce();
                if (between) {
                    yield terminated(container.last().get());
                }
                if (container.trouble().isPresent()) {
                    yield waiting(
                            container.trouble().get().reason(),
                            container.trouble().get().message());
                }
                yield waiting.plain()
                        ? waiting("", waiting.message())
                        : waiting(waiting.reason(), waiting.message());
            }
        };
    }

    /// @param reason empty for what a pod begins with
    private ContainerState waiting(String reason, String message) {
        var hasInit =
                state.all().stream()
                        .map(each -> each.plan().kind())
                        .anyMatch(kind ->
                                kind == ContainerPlan.Kind.INIT
                                        || kind == ContainerPlan.Kind.SIDECAR);
        var ordinary = hasInit && !state.initialized() ? "PodInitializing" : "ContainerCreating";
        return new ContainerStateBuilder()
                .withNewWaiting()
                .withReason(reason.isEmpty() ? ordinary : reason)
                .withMessage(message.isEmpty() ? null : message)
                .endWaiting()
                .build();
    }

    private ContainerState terminated(Termination end) {
        var message = head(end.message(), MESSAGE_BYTES / state.plan().containers().size());
        return new ContainerStateBuilder()
                .withNewTerminated()
                .withContainerID(ContainerIds.withScheme(end.containerId()))
                .withExitCode(end.exitCode())
                .withSignal(end.signal() == 0 ? null : end.signal())
                .withReason(end.reason())
                .withMessage(message.isEmpty() ? null : message)
                .withStartedAt(PodStatusView.time(end.startedAt()))
                .withFinishedAt(PodStatusView.time(end.finishedAt()))
                .endTerminated()
                .build();
    }

    /// As many whole characters of the beginning as have that many bytes.
    static String head(String text, int bytes) {
        var encoded = text.getBytes(StandardCharsets.UTF_8);
        if (encoded.length <= bytes) {
            return text;
        }
        var end = bytes;
        while (end > 0 && (encoded[end] & 0xC0) == 0x80) {
            end--;
        }
        return new String(encoded, 0, end, StandardCharsets.UTF_8);
    }
}
