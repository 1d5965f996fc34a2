package dev.monopod.agent.pod.life;

import dev.monopod.agent.pod.spec.ContainerPlan;
import dev.monopod.agent.pod.spec.PodAllocation;
import dev.monopod.agent.pod.spec.PodPlan;
import dev.monopod.agent.pod.spec.ResourceDemand;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import io.fabric8.kubernetes.api.model.ResourceRequirementsBuilder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;

/// Random pods, and random changes to them that the API server allows.
final class SimulatedPods {
    private static final Quantity TOO_MUCH = new Quantity("900Gi");
    private static final String[] POLICIES = {"Always", "OnFailure", "Never"};

    private SimulatedPods() {}

    static PodPlan plan(RandomGenerator random) {
        List<ContainerPlan> containers = new ArrayList<>();
        for (int i = 0, count = random.nextInt(4); i < count; i++) {
            boolean sidecar = random.nextBoolean();
            Container spec = container((sidecar ? "sidecar" : "init") + i, random);
            if (sidecar) {
                spec.setRestartPolicy("Always");
            }
            containers.add(
                    new ContainerPlan(
                            sidecar ? ContainerPlan.Kind.SIDECAR : ContainerPlan.Kind.INIT, spec));
        }
        for (int i = 0, count = 1 + random.nextInt(3); i < count; i++) {
            containers.add(
                    new ContainerPlan(ContainerPlan.Kind.MAIN, container("app" + i, random)));
        }
        return new PodPlan(
                "default",
                "web",
                "uid",
                containers,
                PodPlan.RestartPolicy.of(POLICIES[random.nextInt(POLICIES.length)]),
                Duration.ofSeconds(random.nextInt(31)),
                random.nextInt(10) == 0 ? Optional.of(Duration.ofSeconds(60)) : Optional.empty(),
                demand(containers, Optional.empty(), 1));
    }

    private static ResourceDemand demand(
            List<ContainerPlan> containers, Optional<ResourceRequirements> whole, long generation) {
        Map<String, ResourceRequirements> asked = new HashMap<>();
        containers.stream()
                .filter(container -> container.kind() != ContainerPlan.Kind.EPHEMERAL)
                .forEach(container -> asked.put(container.name(), container.spec().getResources()));
        boolean tooMuch =
                asked.values().stream()
                        .anyMatch(each -> TOO_MUCH.equals(each.getLimits().get("memory")));
        return new ResourceDemand(
                new PodAllocation(asked, whole),
                tooMuch ? Optional.of("too much") : Optional.empty(),
                generation);
    }

    private static ResourceRequirements resources(RandomGenerator random) {
        return new ResourceRequirementsBuilder()
                .addToLimits("cpu", new Quantity("%d00m".formatted(1 + random.nextInt(3))))
                .addToLimits("memory", new Quantity("%d00Mi".formatted(1 + random.nextInt(3))))
                .build();
    }

    private static Container container(String name, RandomGenerator random) {
        ContainerBuilder builder =
                new ContainerBuilder()
                        .withName(name)
                        .withImage("image:0")
                        .withResources(resources(random));
        if (random.nextBoolean() && !name.startsWith("init")) {
            builder.addNewResizePolicy("memory", "RestartContainer");
        }
        if (random.nextInt(8) == 0) {
            builder.addNewRestartPolicyRule()
                    .withAction(random.nextBoolean() ? "RestartAllContainers" : "Restart")
                    .withNewExitCodes()
                    .withOperator("In")
                    .withValues(2)
                    .endExitCodes()
                    .endRestartPolicyRule()
                    .withRestartPolicy("Never");
        }
        return builder.build();
    }

    /// The plan with another image somewhere, or with one ephemeral container more.
    static PodPlan changed(PodPlan plan, RandomGenerator random) {
        List<ContainerPlan> containers = new ArrayList<>(plan.containers());
        if (random.nextInt(3) == 0) {
            containers.add(
                    new ContainerPlan(
                            ContainerPlan.Kind.EPHEMERAL,
                            container("debugger" + containers.size(), random)));
        } else {
            int index = random.nextInt(containers.size());
            ContainerPlan before = containers.get(index);
            if (before.kind() == ContainerPlan.Kind.EPHEMERAL) {
                return plan;
            }
            Container spec =
                    new ContainerBuilder(before.spec())
                            .withImage("image:" + random.nextInt(100))
                            .build();
            containers.set(index, new ContainerPlan(before.kind(), spec, before.target()));
        }
        return with(
                plan,
                containers,
                demand(
                        containers,
                        plan.resources().asked().whole(),
                        plan.resources().generation() + 1));
    }

    /// The plan with other resources of a container or of all, which may be too much for any
    /// machine.
    static PodPlan resized(PodPlan plan, RandomGenerator random) {
        List<ContainerPlan> containers = new ArrayList<>(plan.containers());
        Optional<ResourceRequirements> whole = plan.resources().asked().whole();
        int index = random.nextInt(containers.size());
        ContainerPlan before = containers.get(index);
        switch (before.kind()) {
            case INIT, EPHEMERAL -> whole = Optional.of(resources(random));
            case SIDECAR, MAIN -> {
                ResourceRequirements other = resources(random);
                if (random.nextInt(5) == 0) {
                    other.getLimits().put("memory", TOO_MUCH);
                }
                Container spec = new ContainerBuilder(before.spec()).withResources(other).build();
                containers.set(index, new ContainerPlan(before.kind(), spec, before.target()));
            }
        }
        return with(plan, containers, demand(containers, whole, plan.resources().generation() + 1));
    }

    private static PodPlan with(
            PodPlan plan, List<ContainerPlan> containers, ResourceDemand resources) {
        return new PodPlan(
                plan.namespace(),
                plan.name(),
                plan.uid(),
                containers,
                plan.restartPolicy(),
                plan.grace(),
                plan.activeDeadline(),
                resources);
    }
}
