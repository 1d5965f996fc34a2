package dev.monopod.agent.pod.container;

import dev.monopod.agent.pod.api.ConfigSource;
import dev.monopod.agent.pod.scope.MachineHandle;
import dev.monopod.agent.pod.scope.PodView;
import dev.monopod.agent.pod.spec.ConfigurationException;
import dev.monopod.agent.pod.spec.ContainerPlan;
import dev.monopod.agent.pod.spec.Environment;
import dev.monopod.agent.pod.spec.PodAllocation;
import dev.monopod.agent.pod.spec.SeccompProfiles;
import dev.monopod.agent.pod.spec.Unsupported;
import dev.monopod.protocol.guest.ReadVolumeFileRequest;
import dev.monopod.protocol.guest.StartContainerRequest;
import java.time.Duration;

/// Renders what the guest is asked for, from the pod as it is now, its images and its volumes.
public record ContainerRequests(
        PodView view, MachineHandle machine, ConfigSource source, SeccompProfiles seccomp) {
    private static final Duration CALL = Duration.ofSeconds(10);

    /// @param granted the resources that the pod has
    /// @throws ConfigurationException for what can't be carried out now
    StartContainerRequest render(ContainerPlan plan, int attempt, PodAllocation granted) {
        Unsupported.check(view.pod(), plan);
        return new ContainerRequest(
                        granted.applyTo(view.pod()),
                        new Environment(source, view.fields(), this::volumeFile),
                        seccomp,
                        machine.memoryBytes())
                .render(
                        plan,
                        attempt,
                        machine.image(plan.name()).config(),
                        machine.slot(plan.name()));
    }

    private String volumeFile(String volume, String path) {
        return machine.guest()
                .blocking(CALL)
                .readVolumeFile(
                        ReadVolumeFileRequest.newBuilder().setName(volume).setPath(path).build())
                .getContent()
                .toStringUtf8();
    }
}
