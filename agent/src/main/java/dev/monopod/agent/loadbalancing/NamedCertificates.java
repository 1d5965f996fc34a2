package dev.monopod.agent.loadbalancing;

import dev.monopod.kube.client.ApiCode;
import dev.monopod.loadbalancing.objects.KeptKind;
import dev.monopod.loadbalancing.objects.KindSource;
import dev.monopod.loadbalancing.objects.WantedKind;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A source that reads Secrets one by one, each by its name: an agent may read those that the load
/// balancers which it serves name, and may list none. One that was read is believed for a while,
/// and longer while the API server does not answer. Of one thread.
final class NamedCertificates implements KindSource {
    static final Duration FRESH = Duration.ofSeconds(5);

    /// The right to a new one comes a moment after its name.
    static final Duration FRESH_REFUSAL = Duration.ofSeconds(1);

    static final Duration FORGOTTEN = Duration.ofMinutes(10);

    private static final Logger LOG = LoggerFactory.getLogger(NamedCertificates.class);
    private static final String TLS = "kubernetes.io/tls";

    /// A namespace and a name of the kind that Secrets have.
    private static final Pattern KEY =
            Pattern.compile("[a-z0-9-]{1,63}/[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?");

    private final KindSource others;
    private final Function<String, @Nullable Secret> read;
    private final InstantSource clock;
    private final Map<String, Read> known = new HashMap<>();

    /// @param due when it is read again
    /// @param refused whether the API server said that this host has no right to it
    private record Read(Optional<Secret> secret, Instant due, Instant asked, boolean refused) {}

    /// @param read the Secret of a key `NAMESPACE/NAME`; throws what the client throws
    NamedCertificates(
            KindSource others, Function<String, @Nullable Secret> read, InstantSource clock) {
        this.others = others;
        this.read = read;
        this.clock = clock;
    }

    @Override
    public <T extends HasMetadata> KeptKind<T> keep(WantedKind<T> kind) {
        if (!kind.type().equals(Secret.class)) {
            return others.keep(kind);
        }
        return new Named<>(key -> find(key).map(kind.type()::cast));
    }

    /// This host serves others than before, and so has other rights: what was refused is asked for
    /// again.
    void rightsChanged() {
        known.values().removeIf(read -> read.refused() && read.secret().isEmpty());
    }

    private Optional<Secret> find(String key) {
        if (!KEY.matcher(key).matches()) {
            // Users write it, and it becomes a part of a URL.
            return Optional.empty();
        }
        var now = clock.instant();
        known.values().removeIf(read -> read.asked().plus(FORGOTTEN).isBefore(now));
        @Nullable Read before = known.get(key);
        var after =
                before != null && before.due().isAfter(now)
                        ? new Read(before.secret(), before.due(), now, before.refused())
                        : ask(key, before == null ? Optional.empty() : before.secret(), now);
        known.put(key, after);
        return after.secret();
    }

    private Read ask(String key, Optional<Secret> before, Instant now) {
        try {
            var found =
                    Optional.ofNullable(read.apply(key))
                            .filter(secret -> TLS.equals(secret.getType()));
            return new Read(found, now.plus(FRESH), now, false);
        } catch (KubernetesClientException e) {
            LOG.debug("failed to read the certificate {}: {}", key, e.toString());
            var refused = ApiCode.FORBIDDEN.in(e);
            return new Read(before, now.plus(refused ? FRESH_REFUSAL : FRESH), now, refused);
        }
    }

    private record Named<T extends HasMetadata>(Function<String, Optional<T>> by)
            implements KeptKind<T> {
        @Override
        public List<T> list() {
            throw new UnsupportedOperationException("Secrets are read by name only");
        }

        @Override
        public Optional<T> find(String key) {
            return by.apply(key);
        }

        @Override
        public void index(Function<T, List<String>> keys) {
            throw new UnsupportedOperationException("Secrets are read by name only");
        }

        @Override
        public Collection<T> indexed(String key) {
            throw new UnsupportedOperationException("Secrets are read by name only");
        }
    }
}
