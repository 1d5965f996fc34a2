package dev.monopod.agent.pod.spec;

import dev.monopod.kube.api.MachineSpec;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What of a pod's specification steers its life. Init containers and sidecars come first, in
/// order, ephemeral containers last.
public record PodPlan(
        String namespace,
        String name,
        String uid,
        List<ContainerPlan> containers,
        RestartPolicy restartPolicy,
        Duration grace,
        Optional<Duration> activeDeadline,
        ResourceDemand resources) {
    public enum RestartPolicy {
        ALWAYS,
        ON_FAILURE,
        NEVER;

        public static RestartPolicy of(@Nullable String text) {
            return "Never".equals(text) ? NEVER : "OnFailure".equals(text) ? ON_FAILURE : ALWAYS;
        }
    }

    public PodPlan {
        containers = List.copyOf(containers);
    }

    /// @param machine its size
    public static PodPlan of(Pod pod, MachineSpec.Size machine) {
        var plan = of(pod);
        return plan.with(plan.resources().within(pod, machine));
    }

    /// Of a pod whose machine is of no account: no resources are too much for it.
    public static PodPlan of(Pod pod) {
        List<ContainerPlan> containers = new ArrayList<>();
        for (var container : pod.getSpec().getInitContainers()) {
            var sidecar = "Always".equals(container.getRestartPolicy());
            containers.add(
                    new ContainerPlan(
                            sidecar ? ContainerPlan.Kind.SIDECAR : ContainerPlan.Kind.INIT,
                            container));
        }
        for (var container : pod.getSpec().getContainers()) {
            containers.add(new ContainerPlan(ContainerPlan.Kind.MAIN, container));
        }
        containers.addAll(EphemeralContainers.of(pod));
        var grace = pod.getSpec().getTerminationGracePeriodSeconds();
        var deadline = pod.getSpec().getActiveDeadlineSeconds();
        return new PodPlan(
                pod.getMetadata().getNamespace(),
                pod.getMetadata().getName(),
                pod.getMetadata().getUid(),
                containers,
                RestartPolicy.of(pod.getSpec().getRestartPolicy()),
                Duration.ofSeconds(grace == null ? 30 : grace),
                Optional.ofNullable(deadline).map(Duration::ofSeconds),
                ResourceDemand.of(pod));
    }

    private PodPlan with(ResourceDemand demand) {
        return new PodPlan(
                namespace, name, uid, containers, restartPolicy, grace, activeDeadline, demand);
    }

    public ContainerPlan container(String container) {
        return containers.stream()
                .filter(plan -> plan.name().equals(container))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no container " + container));
    }

    /// The containers that the pod was made with.
    public List<ContainerPlan> lasting() {
        return containers.stream()
                .filter(plan -> plan.kind() != ContainerPlan.Kind.EPHEMERAL)
                .toList();
    }

    /// `name_namespace(uid)`, as the kubelet writes pods in messages.
    public String display() {
        return name + "_" + namespace + "(" + uid + ")";
    }
}
