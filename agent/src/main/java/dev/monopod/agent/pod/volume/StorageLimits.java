package dev.monopod.agent.pod.volume;

import dev.monopod.agent.pod.spec.PodResources;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.Volume;
import java.math.BigDecimal;
import java.util.Map;
import java.util.Optional;

/// What a pod may keep on its disk, and the kubelet's words for more: `sizeLimit` of each emptyDir,
/// then the pod's ephemeral storage, then each container's. Pure. A kubelet spares critical pods;
/// on Fargate every pod has the class of those, so none is spared.
record StorageLimits(Pod pod) {
    private static final String STORAGE = "ephemeral-storage";

    /// Bytes in use.
    ///
    /// @param emptyDirs by volume; those in memory count for their own limit only
    /// @param containers own files and log, of those that run
    record Use(Map<String, Long> emptyDirs, Map<String, Long> containers) {
        Use {
            emptyDirs = Map.copyOf(emptyDirs);
            containers = Map.copyOf(containers);
        }
    }

    /// Whether there is anything to watch.
    boolean any() {
        return pod.getSpec().getVolumes().stream().anyMatch(v -> sizeLimit(v).isPresent())
                || PodResources.limit(pod, STORAGE).isPresent();
    }

    /// Why the pod has to go, if it has.
    Optional<String> exceeded(Use use) {
        return emptyDir(use).or(() -> wholePod(use)).or(() -> container(use));
    }

    private Optional<String> emptyDir(Use use) {
        for (var volume : pod.getSpec().getVolumes()) {
            var limit = sizeLimit(volume);
            if (limit.isPresent()
                    && exceeds(use.emptyDirs().get(volume.getName()), amount(limit.get()))) {
                return Optional.of(
                        "Usage of EmptyDir volume \"%s\" exceeds the limit \"%s\". "
                                .formatted(volume.getName(), text(limit.get())));
            }
        }
        return Optional.empty();
    }

    private Optional<String> wholePod(Use use) {
        var used = use.containers().values().stream().mapToLong(Long::longValue).sum();
        for (var volume : pod.getSpec().getVolumes()) {
            if (volume.getEmptyDir() != null
                    && !"Memory".equals(volume.getEmptyDir().getMedium())) {
                used += use.emptyDirs().getOrDefault(volume.getName(), 0L);
            }
        }
        var all = used;
        return PodResources.limit(pod, STORAGE)
                .filter(limit -> exceeds(all, limit))
                .map(limit ->
                        "Pod ephemeral local storage usage exceeds the total limit of containers %s. "
                                .formatted(PodResources.text(pod, STORAGE, limit)));
    }

    private Optional<String> container(Use use) {
        for (var container : pod.getSpec().getContainers()) {
            var limit = PodResources.limit(container, STORAGE);
            if (limit.isPresent()
                    && exceeds(use.containers().get(container.getName()), amount(limit.get()))) {
                return Optional.of(
                        "Container %s exceeded its local ephemeral storage limit \"%s\". "
                                .formatted(container.getName(), text(limit.get())));
            }
        }
        return Optional.empty();
    }

    private static boolean exceeds(@org.jspecify.annotations.Nullable Long used, BigDecimal limit) {
        return used != null && BigDecimal.valueOf(used).compareTo(limit) > 0;
    }

    private static Optional<Quantity> sizeLimit(Volume volume) {
        return Optional.ofNullable(volume.getEmptyDir())
                .flatMap(from -> Optional.ofNullable(from.getSizeLimit()))
                .filter(limit -> amount(limit).signum() > 0);
    }

    private static BigDecimal amount(Quantity quantity) {
        return quantity.getNumericalAmount();
    }

    private static String text(Quantity quantity) {
        return PodResources.text(amount(quantity), PodResources.binary(quantity));
    }
}
