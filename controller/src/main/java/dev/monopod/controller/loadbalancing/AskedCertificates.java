package dev.monopod.controller.loadbalancing;

import dev.monopod.loadbalancing.objects.KeptKind;
import dev.monopod.loadbalancing.objects.KindSource;
import dev.monopod.loadbalancing.objects.WantedKind;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Secret;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/// A source that notes which certificates load balancers ask for, which is after they were found to
/// be allowed to. Of one thread.
final class AskedCertificates implements KindSource {
    private final KindSource source;
    private final Set<String> asked = new HashSet<>();

    AskedCertificates(KindSource source) {
        this.source = source;
    }

    /// Those that [#take] would give now.
    Set<String> soFar() {
        return Set.copyOf(asked);
    }

    /// `NAMESPACE/NAME` of those that are there and were asked for since the last call.
    Set<String> take() {
        var all = soFar();
        asked.clear();
        return all;
    }

    @Override
    public <T extends HasMetadata> KeptKind<T> keep(WantedKind<T> kind) {
        var kept = source.keep(kind);
        return kind.type().equals(Secret.class) ? new Noting<>(kept, asked) : kept;
    }

    private record Noting<T extends HasMetadata>(KeptKind<T> kept, Set<String> asked)
            implements KeptKind<T> {
        @Override
        public List<T> list() {
            return kept.list();
        }

        @Override
        public Optional<T> find(String key) {
            var found = kept.find(key);
            if (found.isPresent()) {
                asked.add(key);
            }
            return found;
        }

        @Override
        public void index(Function<T, List<String>> keys) {
            kept.index(keys);
        }

        @Override
        public Collection<T> indexed(String key) {
            return kept.indexed(key);
        }
    }
}
