package dev.monopod.agent.pod.resize;

import dev.monopod.agent.pod.life.PodEffect;
import dev.monopod.agent.pod.life.PodInput;
import dev.monopod.agent.pod.life.ResizeState;
import dev.monopod.agent.pod.scope.MachineHandle;
import dev.monopod.agent.pod.scope.PodReports;
import dev.monopod.agent.pod.scope.PodView;
import dev.monopod.agent.pod.spec.ContainerIds;
import dev.monopod.agent.pod.spec.PodNumbers;
import dev.monopod.agent.pod.spec.ResourceNumbers;
import dev.monopod.protocol.guest.LimitResourcesRequest;
import dev.monopod.protocol.guest.Resources;
import java.time.Duration;

/// Carries what a pod was granted into the guest's cgroups, as the pod's state orders it, and
/// reports what came of it: exactly one input for each order. Runs on threads of the pod.
public final class PodLimits {
    private static final Duration CALL = Duration.ofSeconds(10);

    private final PodView view;
    private final PodReports reports;
    private final MachineHandle machine;

    public PodLimits(PodView view, PodReports reports, MachineHandle machine) {
        this.view = view;
        this.reports = reports;
        this.machine = machine;
    }

    public void set(PodEffect.Resize order) {
        try {
            if (order.target().all()) {
                limit("", together(order));
            } else {
                limitContainer(order.target(), order);
            }
            reports.post(new PodInput.Resized(order.order()));
        } catch (RuntimeException e) {
            reports.post(new PodInput.ResizeTrouble(order.order(), String.valueOf(e.getMessage())));
        }
    }

    private Resources together(PodEffect.Resize order) {
        var pod = view.pod();
        var before = PodNumbers.of(order.from().applyTo(pod), machine.memoryBytes());
        var after = PodNumbers.of(order.to().applyTo(pod), machine.memoryBytes());
        return widest(before, after);
    }

    private void limitContainer(ResizeState.Target target, PodEffect.Resize order) {
        var spec = view.plan().container(target.container()).spec();
        limit(
                ContainerIds.of(view.plan().uid(), target.container(), target.attempt()),
                ResourceNumbers.of(order.to().applyTo(view.pod()), spec, machine.memoryBytes()));
    }

    private void limit(String id, Resources resources) {
        machine.guest()
                .blocking(CALL)
                .limitResources(
                        LimitResourcesRequest.newBuilder()
                                .setContainerId(id)
                                .setResources(resources)
                                .build());
    }

    static Resources widest(Resources before, Resources after) {
        return after.toBuilder()
                .setMemoryMaxBytes(
                        before.getMemoryMaxBytes() == 0 || after.getMemoryMaxBytes() == 0
                                ? 0
                                : Math.max(before.getMemoryMaxBytes(), after.getMemoryMaxBytes()))
                .setMemoryMinBytes(Math.max(before.getMemoryMinBytes(), after.getMemoryMinBytes()))
                .build();
    }
}
