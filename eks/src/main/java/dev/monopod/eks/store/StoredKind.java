package dev.monopod.eks.store;

import dev.monopod.model.names.Names;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// How objects of one kind are ConfigMaps. A ConfigMap that does not hold what its name says counts
/// for nothing, and the log names it.
///
/// @param label on each of them; its value is `true`
/// @param key of the data that is the object
/// @param name of the ConfigMap of an object, by what there is one of at most
/// @param reader gives nothing for a text that is no such object
/// @param missing what a ConfigMap is not, and what follows, for the log
public record StoredKind<T>(
        String label,
        String key,
        Function<T, String> name,
        Function<T, String> writer,
        Function<String, Optional<T>> reader,
        String missing) {
    private static final Logger LOG = LoggerFactory.getLogger(StoredKind.class);

    /// What a ConfigMap holds: nothing if it is not of this kind.
    public Optional<T> read(ConfigMap found) {
        var meta = found.getMetadata();
        var labels = Objects.requireNonNullElse(meta.getLabels(), Map.<String, String>of());
        var data = Objects.requireNonNullElse(found.getData(), Map.<String, String>of());
        var object =
                reader.apply(data.getOrDefault(key, ""))
                        .filter(read -> meta.getName().equals(name.apply(read)))
                        .filter(_ -> "true".equals(labels.get(label)));
        if (object.isEmpty()) {
            LOG.warn("ConfigMap {}/{} is {}", ConfigMapStore.NAMESPACE, meta.getName(), missing);
        }
        return object;
    }

    ConfigMap write(T object) {
        return new ConfigMapBuilder()
                .withNewMetadata()
                .withName(name.apply(object))
                .withNamespace(ConfigMapStore.NAMESPACE)
                .withLabels(Names.LABELS)
                .addToLabels(label, "true")
                .endMetadata()
                .addToData(key, writer.apply(object))
                .build();
    }
}
