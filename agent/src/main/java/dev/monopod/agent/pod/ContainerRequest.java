package dev.monopod.agent.pod;

import dev.monopod.agent.image.ImageStore.ImageConfig;
import dev.monopod.protocol.guest.EnvironmentVariable;
import dev.monopod.protocol.guest.Mount;
import dev.monopod.protocol.guest.PodFile;
import dev.monopod.protocol.guest.StartContainerRequest;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.VolumeMount;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Renders one attempt of a container as the guest is asked for it.
record ContainerRequest(Pod pod, Environment environment, long machineMemoryBytes) {

    /// @param slot disk of the image
    /// @throws ConfigurationException for what can't be carried out now
    StartContainerRequest render(ContainerPlan plan, int attempt, ImageConfig image, int slot) {
        Container container = plan.spec();
        Map<String, String> variables = environment.render(container, image.environment());
        StartContainerRequest.Builder request =
                StartContainerRequest.newBuilder()
                        .setContainerId(
                                ContainerIds.of(pod.getMetadata().getUid(), plan.name(), attempt))
                        .setName(plan.name())
                        .setAttempt(attempt)
                        .setImageDiskSlot(slot)
                        .addAllArgs(arguments(container, image, variables))
                        .setWorkingDirectory(
                                given(container.getWorkingDir())
                                        .or(() -> given(image.workingDirectory()))
                                        .orElse("/"))
                        .setUser(SecuritySettings.user(pod, container, image.user()))
                        .setReadOnlyRoot(SecuritySettings.readOnlyRoot(container))
                        .setTty(Boolean.TRUE.equals(container.getTty()))
                        .setStdin(Boolean.TRUE.equals(container.getStdin()))
                        .setStdinOnce(Boolean.TRUE.equals(container.getStdinOnce()))
                        .setSecurity(SecuritySettings.security(pod, container))
                        .setResources(ResourceNumbers.of(pod, container, machineMemoryBytes))
                        .setTerminationMessagePath(
                                given(container.getTerminationMessagePath())
                                        .orElse("/dev/termination-log"))
                        .setProcessesOfContainer(plan.target().orElse(""))
                        .setStopSignal(Signals.parse(image.stopSignal()))
                        .addAllMounts(mounts(container, variables));
        variables.forEach((name, value) ->
                request.addEnvironment(
                        EnvironmentVariable.newBuilder().setName(name).setValue(value)));
        return request.build();
    }

    private static List<String> arguments(
            Container container, ImageConfig image, Map<String, String> variables) {
        List<String> command = container.getCommand();
        List<String> args = container.getArgs();
        List<String> line = new ArrayList<>();
        if (!command.isEmpty()) {
            command.forEach(word -> line.add(Expansion.expand(word, variables)));
            args.forEach(word -> line.add(Expansion.expand(word, variables)));
        } else {
            line.addAll(image.entrypoint());
            if (args.isEmpty()) {
                line.addAll(image.command());
            } else {
                args.forEach(word -> line.add(Expansion.expand(word, variables)));
            }
        }
        if (line.isEmpty()) {
            throw new ConfigurationException("no command specified");
        }
        return line;
    }

    private List<Mount> mounts(Container container, Map<String, String> variables) {
        List<Mount> mounts = new ArrayList<>();
        for (VolumeMount from : container.getVolumeMounts()) {
            String subPath =
                    given(from.getSubPathExpr())
                            .map(text -> Expansion.expand(text, variables))
                            .or(() -> given(from.getSubPath()))
                            .orElse("");
            if (subPath.startsWith("/")) {
                throw new ConfigurationException(
                        "error SubPath `%s` must not be an absolute path".formatted(subPath));
            }
            if (List.of(subPath.split("/")).contains("..")) {
                throw new ConfigurationException(
                        "unable to provision SubPath `%s`: must not contain '..'"
                                .formatted(subPath));
            }
            String recursive = from.getRecursiveReadOnly();
            mounts.add(
                    Mount.newBuilder()
                            .setVolume(from.getName())
                            .setSubPath(subPath)
                            .setDestination(from.getMountPath())
                            .setReadOnly(Boolean.TRUE.equals(from.getReadOnly()) || readOnly(from))
                            .setRecursiveReadOnly(
                                    recursive != null && !recursive.equals("Disabled"))
                            .setPropagation(
                                    given(from.getMountPropagation())
                                            .filter(text -> !text.equals("None"))
                                            .orElse(""))
                            .build());
        }
        addUnlessMounted(mounts, PodFile.HOSTS, "/etc/hosts");
        addUnlessMounted(mounts, PodFile.RESOLV_CONF, "/etc/resolv.conf");
        addUnlessMounted(mounts, PodFile.HOSTNAME, "/etc/hostname");
        return mounts;
    }

    /// Volumes that only the kubelet writes, and images.
    private boolean readOnly(VolumeMount mount) {
        return pod.getSpec().getVolumes().stream()
                .filter(volume -> volume.getName().equals(mount.getName()))
                .anyMatch(volume -> Volumes.changes(volume) || volume.getImage() != null);
    }

    /// A volume of the pod's own wins.
    private static void addUnlessMounted(List<Mount> mounts, PodFile file, String destination) {
        if (mounts.stream().noneMatch(mount -> mount.getDestination().equals(destination))) {
            mounts.add(Mount.newBuilder().setPodFile(file).setDestination(destination).build());
        }
    }

    private static Optional<String> given(@org.jspecify.annotations.Nullable String text) {
        return Optional.ofNullable(text).filter(value -> !value.isEmpty());
    }
}
