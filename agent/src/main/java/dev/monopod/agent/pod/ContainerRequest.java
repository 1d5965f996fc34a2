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
                                        .map(path -> path.startsWith("/") ? path : "/" + path)
                                        .orElse("/dev/termination-log"))
                        .setProcessesOfContainer(plan.target().orElse(""))
                        .setStopSignal(Signals.of(container, image))
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

    private static List<Mount> mounts(Container container, Map<String, String> variables) {
        List<Mount> mounts = new ArrayList<>();
        boolean ownHosts = false;
        for (VolumeMount from : container.getVolumeMounts()) {
            ownHosts |= "/etc/hosts".equals(from.getMountPath());
            String subPath =
                    given(from.getSubPathExpr())
                            .map(text -> Expansion.expand(text, variables))
                            .or(() -> given(from.getSubPath()))
                            .orElse("");
            if (subPath.startsWith("/") || List.of(subPath.split("/")).contains("..")) {
                throw new ConfigurationException("subPath " + subPath + " leaves its volume");
            }
            String recursive = from.getRecursiveReadOnly();
            mounts.add(
                    Mount.newBuilder()
                            .setVolume(from.getName())
                            .setSubPath(subPath)
                            .setDestination(from.getMountPath())
                            .setReadOnly(Boolean.TRUE.equals(from.getReadOnly()))
                            .setRecursiveReadOnly(
                                    recursive != null && !recursive.equals("Disabled"))
                            .setPropagation(
                                    given(from.getMountPropagation())
                                            .filter(text -> !text.equals("None"))
                                            .orElse(""))
                            .build());
        }
        if (!ownHosts) {
            mounts.add(file(PodFile.HOSTS, "/etc/hosts"));
        }
        mounts.add(file(PodFile.RESOLV_CONF, "/etc/resolv.conf"));
        mounts.add(file(PodFile.HOSTNAME, "/etc/hostname"));
        return mounts;
    }

    private static Mount file(PodFile file, String destination) {
        return Mount.newBuilder().setPodFile(file).setDestination(destination).build();
    }

    private static Optional<String> given(@org.jspecify.annotations.Nullable String text) {
        return Optional.ofNullable(text).filter(value -> !value.isEmpty());
    }
}
