package dev.monopod.agent.logging;

import dev.monopod.agent.pod.scope.PodView;
import dev.monopod.host.json.OwnJson;
import dev.monopod.logging.filter.PodMetadata;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// What is known of a pod whose log is sent, as it stands in a file: a pod may be gone before its
/// last lines have arrived.
///
/// @param configuration data of the ConfigMap when the pod was placed
/// @param images by the container
/// @param hashes references by digest, by the container
/// @param endedMillis when the pod was removed, since 1970; 0: it is there
record LoggedPod(
        String namespace,
        String name,
        String uid,
        String address,
        String node,
        Map<String, String> labels,
        Map<String, String> annotations,
        Map<String, String> images,
        Map<String, String> hashes,
        Map<String, String> configuration,
        long endedMillis) {
    static LoggedPod of(PodView view) {
        var pod = view.pod();
        var images = new HashMap<String, String>();
        view.plan().containers().forEach(plan -> images.put(plan.name(), plan.spec().getImage()));
        var hashes = new HashMap<String, String>();
        var status = pod.getStatus();
        if (status != null) {
            Stream.of(
                            status.getInitContainerStatuses(),
                            status.getContainerStatuses(),
                            status.getEphemeralContainerStatuses())
                    .filter(Objects::nonNull)
                    .flatMap(List<ContainerStatus>::stream)
                    .filter(container -> container.getImageID() != null)
                    .forEach(container -> hashes.put(container.getName(), container.getImageID()));
        }
        var spec = view.machine().getSpec();
        return new LoggedPod(
                view.plan().namespace(),
                view.plan().name(),
                view.plan().uid(),
                view.address(),
                spec.nodeName(),
                known(pod.getMetadata().getLabels()),
                known(pod.getMetadata().getAnnotations()),
                images,
                hashes,
                known(spec.logging()),
                0);
    }

    private static Map<String, String> known(@Nullable Map<String, String> map) {
        return map == null ? Map.of() : map;
    }

    LoggedPod ended(long millis) {
        return new LoggedPod(
                namespace,
                name,
                uid,
                address,
                node,
                labels,
                annotations,
                images,
                hashes,
                configuration,
                millis);
    }

    String display() {
        return namespace + "/" + name;
    }

    /// As EKS' input tags it.
    String tag(String containerId, String container) {
        return "kube.var.log.containers.%s_%s_%s-%s.log"
                .formatted(name, namespace, container, containerId);
    }

    PodMetadata metadata(String container) {
        return new PodMetadata(
                new PodMetadata.Identity(namespace, name, uid, address),
                labels,
                annotations,
                node,
                container,
                images.getOrDefault(container, ""),
                hashes.getOrDefault(container, ""));
    }

    /// @throws OwnJson.TooNew if a later version wrote it, and this one would misread it
    static LoggedPod read(Path file) throws IOException {
        return OwnJson.read(Files.readAllBytes(file), LoggedPod.class, OwnJson.FIRST_FORMAT);
    }

    void write(Path file) throws IOException {
        var draft = file.resolveSibling(file.getFileName() + ".new");
        Files.write(draft, OwnJson.write(this));
        Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
    }
}
