package dev.monopod.agent.loadbalancing;

import dev.monopod.kube.client.Selection;
import dev.monopod.kube.client.Watched;
import dev.monopod.kube.client.Watches;
import dev.monopod.kube.watch.ChangeHandler;
import dev.monopod.loadbalancing.objects.KeptKind;
import dev.monopod.loadbalancing.objects.KindSource;
import dev.monopod.loadbalancing.objects.WantedKind;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/// Keeps the objects of load balancers by the watches of this process. One caller at a time.
final class WatchedKinds implements KindSource {
    /// What this process watches as a whole, since any pod may matter to a firewall: what is wanted
    /// of it is picked here.
    private static final Set<Class<?>> WHOLE = Set.of(Pod.class);

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
        var whole = WHOLE.contains(kind.type());
        var watched =
                watches.of(
                        kind.type(),
                        whole
                                ? Selection.ALL
                                : new Selection(kind.fields(), Map.of(), kind.labels()));
        var selection = Selection.labels(kind.labels());
        watched.onChange(ChangeHandler.anyOf(selection::hasLabels, changed));
        (kind.needed() ? needed : optional).add(watched);
        return new Kept<>(watched, selection);
    }

    /// Returns when all lists are there but those of kinds that may never be served.
    void start() {
        optional.forEach(Watched::start);
        needed.forEach(watched -> watched.start().join());
    }

    private record Kept<T extends HasMetadata>(Watched<T> watched, Selection selection)
            implements KeptKind<T> {
        @Override
        public List<T> list() {
            return picked(watched.list());
        }

        @Override
        public Optional<T> find(String key) {
            return watched.find(key).filter(selection::hasLabels);
        }

        @Override
        public void index(Function<T, List<String>> keys) {
            watched.index(keys);
        }

        @Override
        public Collection<T> indexed(String key) {
            return picked(watched.indexed(key));
        }

        private List<T> picked(Collection<T> objects) {
            return objects.stream().filter(selection::hasLabels).toList();
        }
    }
}
