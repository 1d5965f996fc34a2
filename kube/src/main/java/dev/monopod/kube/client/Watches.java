package dev.monopod.kube.client;

import dev.monopod.model.time.SteadyClock;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.KubernetesResourceList;
import io.fabric8.kubernetes.api.model.Namespaced;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.FilterWatchListDeletable;
import io.fabric8.kubernetes.client.dsl.Resource;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/// The watches of a process: each kind, or selection of it, once, whoever asks for it. Handlers are
/// told of all objects again every five minutes. Closing ends them all. Thread-safe.
public final class Watches implements AutoCloseable {
    private static final long RESYNC_MILLIS = Duration.ofMinutes(5).toMillis();

    private final KubernetesClient client;
    private final Map<Key, Watched<?>> all = new HashMap<>();

    private record Key(Class<?> type, Selection selection) {}

    public Watches(KubernetesClient client) {
        this.client = client;
    }

    /// All objects of the kind, of all namespaces.
    public <T extends HasMetadata> Watched<T> of(Class<T> type) {
        return of(type, Selection.ALL);
    }

    /// The selected objects of the kind, of all namespaces.
    @SuppressWarnings("unchecked") // The key holds the type.
    public synchronized <T extends HasMetadata> Watched<T> of(Class<T> type, Selection selection) {
        return (Watched<T>)
                all.computeIfAbsent(
                        new Key(type, selection),
                        _ ->
                                new Watched<>(
                                        select(type, selection).runnableInformer(RESYNC_MILLIS),
                                        new WatchFailures(
                                                HasMetadata.getFullResourceName(type),
                                                SteadyClock.ofProcess())));
    }

    private <T extends HasMetadata>
            FilterWatchListDeletable<T, KubernetesResourceList<T>, Resource<T>> select(
                    Class<T> type, Selection selection) {
        FilterWatchListDeletable<T, KubernetesResourceList<T>, Resource<T>> found =
                Namespaced.class.isAssignableFrom(type)
                        ? client.resources(type).inAnyNamespace()
                        : client.resources(type);
        for (var field : selection.fields().entrySet()) {
            found = found.withField(field.getKey(), field.getValue());
        }
        for (var field : selection.otherFields().entrySet()) {
            found = found.withoutField(field.getKey(), field.getValue());
        }
        for (var label : selection.labels()) {
            found = found.withLabel(label);
        }
        return found;
    }

    @Override
    public synchronized void close() {
        all.values().forEach(Watched::stop);
    }
}
