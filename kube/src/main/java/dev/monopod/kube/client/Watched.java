package dev.monopod.kube.client;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.fabric8.kubernetes.client.informers.cache.Cache;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One kind's objects, as its one watch shows them; they may lag. Who asked for it may register and
/// start as if it were alone. Thread-safe.
public final class Watched<T extends HasMetadata> {
    private static final Logger LOG = LoggerFactory.getLogger(Watched.class);
    private static final String INDEX = "own";

    private final SharedIndexInformer<T> informer;
    private @Nullable CompletableFuture<Void> started;
    private boolean indexed;

    Watched(SharedIndexInformer<T> informer, WatchFailures failures) {
        this.informer = informer;
        // A watch that breaks begins anew, for ever: kinds may come to be served later.
        informer.exceptionHandler((_, failure) -> {
            failures.line(failure).ifPresent(LOG::warn);
            return true;
        });
    }

    /// Begins the watch, once, however many ask for it; complete when its list is.
    public synchronized CompletableFuture<Void> start() {
        if (started == null) {
            started = informer.start().toCompletableFuture();
        }
        return started;
    }

    /// The handler is told of what is there already, and from then on of every change; on the
    /// watch's thread, so it must not block.
    public void onChange(ResourceEventHandler<T> handler) {
        informer.addEventHandler(handler);
    }

    /// Makes [#indexed] know the objects by these keys. Call before the start; the first call
    /// counts.
    public synchronized void index(Function<T, List<String>> keys) {
        if (!indexed) {
            informer.addIndexers(Map.of(INDEX, keys));
            indexed = true;
        }
    }

    public List<T> list() {
        return informer.getStore().list();
    }

    public List<T> inNamespace(String namespace) {
        return informer.getIndexer().byIndex(Cache.NAMESPACE_INDEX, namespace);
    }

    /// Whether the watch runs, so that what it shows is milliseconds old at most, on a server that
    /// is not overloaded. False while it begins anew.
    public boolean isCurrent() {
        return informer.isWatching();
    }

    /// The resource version up to which [#list] shows all changes, if it is read before the list; 0
    /// before the first one. Resource versions of a kind are numbers that grow with each change
    /// (KEP 5504).
    public long version() {
        @Nullable String version = informer.lastSyncResourceVersion();
        return version == null || version.isEmpty() ? 0 : Long.parseLong(version);
    }

    /// @param key `NAMESPACE/NAME`, or the name of what has no namespace
    public Optional<T> find(String key) {
        return Optional.ofNullable(informer.getStore().getByKey(key));
    }

    /// The objects of this key of the index.
    public Collection<T> indexed(String key) {
        return informer.getIndexer().byIndex(INDEX, key);
    }

    void stop() {
        informer.stop();
    }
}
