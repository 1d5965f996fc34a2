package dev.monopod.agent.pod.spec;

import dev.monopod.host.json.OwnJson;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/// The resources that a pod was granted: those it was made with, or those of the last resize that
/// fits its machine.
///
/// @param whole of the pod as a whole, if it has such
public record PodAllocation(
        Map<String, ResourceRequirements> containers, Optional<ResourceRequirements> whole) {
    private static final String FILE = "resources.json";

    public PodAllocation {
        containers = Map.copyOf(containers);
    }

    /// What the pod's specification asks for.
    public static PodAllocation of(Pod pod) {
        Map<String, ResourceRequirements> containers = new TreeMap<>();
        containers(pod)
                .forEach(one ->
                        containers.put(
                                one.getName(),
                                Optional.ofNullable(one.getResources())
                                        .orElseGet(ResourceRequirements::new)));
        return new PodAllocation(containers, Optional.ofNullable(pod.getSpec().getResources()));
    }

    public static Stream<Container> containers(Pod pod) {
        return Stream.concat(
                pod.getSpec().getInitContainers().stream(), pod.getSpec().getContainers().stream());
    }

    public ResourceRequirements container(String name) {
        return containers.getOrDefault(name, new ResourceRequirements());
    }

    /// With other resources of one container.
    public PodAllocation with(String container, ResourceRequirements resources) {
        Map<String, ResourceRequirements> changed = new HashMap<>(containers);
        changed.put(container, resources);
        return new PodAllocation(changed, whole);
    }

    /// With other resources of the pod as a whole.
    public PodAllocation withWhole(Optional<ResourceRequirements> resources) {
        return new PodAllocation(containers, resources);
    }

    /// The pod with these resources in place of those that it asks for.
    public Pod applyTo(Pod pod) {
        var copy = new PodBuilder(pod).build();
        containers(copy)
                .filter(one -> containers.containsKey(one.getName()))
                .forEach(one -> one.setResources(containers.get(one.getName())));
        copy.getSpec().setResources(whole.orElse(null));
        return copy;
    }

    /// What an agent noted down in a file of its own, before the pod's record had it; empty when
    /// the pod was never resized by such an agent.
    public static Optional<PodAllocation> read(Path directory) throws IOException {
        var file = directory.resolve(FILE);
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        var read = OwnJson.read(Files.readAllBytes(file), Record.class, OwnJson.FIRST_FORMAT);
        return Optional.of(new PodAllocation(read.containers(), Optional.ofNullable(read.whole())));
    }

    private record Record(
            Map<String, ResourceRequirements> containers,
            @org.jspecify.annotations.Nullable ResourceRequirements whole) {}
}
