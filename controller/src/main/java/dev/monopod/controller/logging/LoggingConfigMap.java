package dev.monopod.controller.logging;

import dev.monopod.kube.client.Selection;
import dev.monopod.kube.client.Watched;
import dev.monopod.kube.client.Watches;
import dev.monopod.logging.config.LoggingConfiguration;
import dev.monopod.logging.plan.PodLogging;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/// ConfigMap `aws-observability/aws-logging`, of which one watch shows that object alone. One that
/// was written milliseconds ago may not be seen yet. Thread-safe.
public final class LoggingConfigMap {
    private static final String KEY =
            LoggingConfiguration.NAMESPACE + "/" + LoggingConfiguration.NAME;
    private static final Selection ONE =
            new Selection(
                    Map.of(
                            "metadata.namespace",
                            LoggingConfiguration.NAMESPACE,
                            "metadata.name",
                            LoggingConfiguration.NAME),
                    Map.of(),
                    Set.of());

    private final KubernetesClient client;
    private final Watched<ConfigMap> watched;

    /// @param watches of the process; who made them ends them
    public LoggingConfigMap(KubernetesClient client, Watches watches) {
        this.client = client;
        this.watched = watches.of(ConfigMap.class, ONE);
    }

    /// What is watched, to be started with all else.
    public Watched<ConfigMap> watched() {
        return watched;
    }

    /// What a pod is told that comes now. Asks the API server while the watch is broken.
    public PodLogging logging() {
        return found().<PodLogging>map(
                        map -> PodLogging.of(Objects.requireNonNullElse(map.getData(), Map.of())))
                .orElseGet(PodLogging.NotFound::new);
    }

    private Optional<ConfigMap> found() {
        return watched.isCurrent()
                ? watched.find(KEY)
                : Optional.ofNullable(
                        client.configMaps()
                                .inNamespace(LoggingConfiguration.NAMESPACE)
                                .withName(LoggingConfiguration.NAME)
                                .get());
    }
}
