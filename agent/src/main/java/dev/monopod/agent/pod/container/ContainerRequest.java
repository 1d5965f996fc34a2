package dev.monopod.agent.pod.container;

import dev.monopod.agent.pod.spec.ConfigurationException;
import dev.monopod.agent.pod.spec.ContainerIds;
import dev.monopod.agent.pod.spec.ContainerPlan;
import dev.monopod.agent.pod.spec.Environment;
import dev.monopod.agent.pod.spec.Expansion;
import dev.monopod.agent.pod.spec.NonRoot;
import dev.monopod.agent.pod.spec.ResourceNumbers;
import dev.monopod.agent.pod.spec.SeccompProfiles;
import dev.monopod.agent.pod.spec.SecuritySettings;
import dev.monopod.agent.pod.spec.Signals;
import dev.monopod.agent.pod.volume.Volumes;
import dev.monopod.host.image.ImageStore.ImageConfig;
import dev.monopod.protocol.guest.EnvironmentVariable;
import dev.monopod.protocol.guest.Mount;
import dev.monopod.protocol.guest.PodFile;
import dev.monopod.protocol.guest.StartContainerRequest;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.VolumeMount;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/// Renders one attempt of a container as the guest is asked for it.
record ContainerRequest(
        Pod pod, Environment environment, SeccompProfiles seccomp, long machineMemoryBytes) {
    /// Where a container has the pod's files, unless it mounts something else there.
    private static final List<Map.Entry<String, PodFile>> POD_FILES =
            List.of(
                    Map.entry("/etc/hosts", PodFile.HOSTS),
                    Map.entry("/etc/resolv.conf", PodFile.RESOLV_CONF),
                    Map.entry("/etc/hostname", PodFile.HOSTNAME));

    /// @param slot disk of the image
    /// @throws ConfigurationException for what can't be carried out now
    StartContainerRequest render(ContainerPlan plan, int attempt, ImageConfig image, int slot) {
        var container = plan.spec();
        NonRoot.check(pod, container, image.user());
        var variables = environment.render(container);
        var request =
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
                        .setSecurity(SecuritySettings.security(pod, container, seccomp))
                        .setResources(ResourceNumbers.of(pod, container, machineMemoryBytes))
                        .setTerminationMessagePath(
                                given(container.getTerminationMessagePath())
                                        .map(path -> path.startsWith("/") ? path : "/" + path)
                                        .orElse("/dev/termination-log"))
                        .setProcessesOfContainer(plan.target().orElse(""))
                        .setStopSignal(Signals.of(container, image))
                        .addAllImageVolumes(imageVolumes(container, image))
                        .addAllMounts(mounts(container, variables));
        Environment.over(image.environment(), variables)
                .forEach((name, value) ->
                        request.addEnvironment(
                                EnvironmentVariable.newBuilder().setName(name).setValue(value)));
        return request.build();
    }

    private static List<String> arguments(
            Container container, ImageConfig image, Map<String, String> variables) {
        var command = container.getCommand();
        var args = container.getArgs();
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

    /// Those of the image's volumes that the pod mounts nothing at. One that names its parent
    /// folder is none that a container could have.
    private static List<String> imageVolumes(Container container, ImageConfig image) {
        var mounted =
                container.getVolumeMounts().stream()
                        .map(mount -> segments(mount.getMountPath()))
                        .toList();
        return image.volumes().stream()
                .map(ContainerRequest::segments)
                .filter(path -> !path.isEmpty() && !path.contains("..") && !mounted.contains(path))
                .distinct()
                .map(path -> "/" + String.join("/", path))
                .toList();
    }

    private static List<String> segments(String path) {
        return Stream.of(path.split("/"))
                .filter(segment -> !segment.isEmpty() && !segment.equals("."))
                .toList();
    }

    private List<Mount> mounts(Container container, Map<String, String> variables) {
        List<Mount> mounts = new ArrayList<>();
        Set<String> taken = new HashSet<>();
        for (var from : container.getVolumeMounts()) {
            taken.add(from.getMountPath());
            var subPath =
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
            var recursive = from.getRecursiveReadOnly();
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
        var readOnly = SecuritySettings.readOnlyRoot(container);
        for (var file : POD_FILES) {
            if (!taken.contains(file.getKey())) {
                mounts.add(
                        Mount.newBuilder()
                                .setPodFile(file.getValue())
                                .setDestination(file.getKey())
                                // A kubelet always lets containers write their hosts file.
                                .setReadOnly(readOnly && file.getValue() != PodFile.HOSTS)
                                .build());
            }
        }
        return mounts;
    }

    /// Volumes that only the kubelet writes, and images.
    private boolean readOnly(VolumeMount mount) {
        return pod.getSpec().getVolumes().stream()
                .filter(volume -> volume.getName().equals(mount.getName()))
                .anyMatch(volume -> Volumes.changes(volume) || volume.getImage() != null);
    }

    private static Optional<String> given(@org.jspecify.annotations.Nullable String text) {
        return Optional.ofNullable(text).filter(value -> !value.isEmpty());
    }
}
