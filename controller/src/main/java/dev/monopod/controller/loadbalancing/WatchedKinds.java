package dev.monopod.controller.loadbalancing;

import dev.monopod.kube.client.Selection;
import dev.monopod.kube.client.Watched;
import dev.monopod.kube.client.Watches;
import dev.monopod.kube.watch.ChangeHandler;
import dev.monopod.loadbalancing.objects.KeptKind;
import dev.monopod.loadbalancing.objects.KindSource;
import dev.monopod.loadbalancing.objects.WantedKind;
import io.fabric8.kubernetes.api.model.HasMetadata;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/// Keeps the objects of load balancers by the watches of this process. One caller at a time.
final class WatchedKinds implements KindSource {
    private final Watches watches;
    private final Runnable changed;
    private final List<Watched<?>> needed = new ArrayList<>();
    private final List<Watched<?>> optional = new ArrayList<>();

    /// @param changed called on the watches' threads at any change; must return at once
    WatchedKinds(Watches watches, Runnable changed) {
        this.watches = watches;
        this.changed = changed;
    }

    @Override
    public <T extends HasMetadata> KeptKind<T> keep(WantedKind<T> kind) {
        var watched =
                watches.of(kind.type(), new Selection(kind.fields(), Map.of(), kind.labels()));
        watched.onChange(ChangeHandler.any(changed));
        (kind.needed() ? needed : optional).add(watched);
        return new Kept<>(watched);
    }

    /// Returns when all lists are there but those of kinds that may never be served.
    void start() {
        optional.forEach(Watched::start);
        needed.forEach(watched -> watched.start().join());
    }

    private record Kept<T extends HasMetadata>(Watched<T> watched) implements KeptKind<T> {
        @Override
        public List<T> list() {
            return watched.list();
        }

        @Override
        public Optional<T> find(String key) {
            return watched.find(key);
        }

        @Override
        public void index(Function<T, List<String>> keys) {
            watched.index(keys);
        }

        @Override
        public Collection<T> indexed(String key) {
            return watched.indexed(key);
        }
    }
}
