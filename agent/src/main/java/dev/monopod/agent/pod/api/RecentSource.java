package dev.monopod.agent.pod.api;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.Service;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/// Answers for ConfigMaps and Secrets with what was read at most [#FRESH] ago by any pod of this
/// host, so that many pods with volumes of one object cost one question. Thread-safe.
public final class RecentSource implements ConfigSource {
    public static final Duration FRESH = Duration.ofSeconds(4);

    /// Entries beyond are forgotten once they are old.
    private static final int ENOUGH = 1024;

    private record Key(Class<?> kind, String namespace, String name) {}

    private record Read(Optional<?> object, Instant at) {}

    private final ConfigSource source;
    private final Clock clock;
    private final Map<Key, Read> reads = new ConcurrentHashMap<>();

    public RecentSource(ConfigSource source, Clock clock) {
        this.source = source;
        this.clock = clock;
    }

    @Override
    public Optional<ConfigMap> configMap(String namespace, String name) {
        return recent(
                        new Key(ConfigMap.class, namespace, name),
                        () -> source.configMap(namespace, name))
                .map(ConfigMap.class::cast);
    }

    @Override
    public Optional<Secret> secret(String namespace, String name) {
        return recent(new Key(Secret.class, namespace, name), () -> source.secret(namespace, name))
                .map(Secret.class::cast);
    }

    private Optional<?> recent(Key key, java.util.function.Supplier<Optional<?>> ask) {
        var oldest = clock.instant().minus(FRESH);
        var known = reads.get(key);
        if (known != null && known.at().isAfter(oldest)) {
            return known.object();
        }
        if (reads.size() > ENOUGH) {
            reads.values().removeIf(read -> !read.at().isAfter(oldest));
        }
        var asked = clock.instant();
        var read = new Read(ask.get(), asked);
        reads.put(key, read);
        return read.object();
    }

    @Override
    public List<Service> services(String namespace) {
        return source.services(namespace);
    }

    @Override
    public String executionRole(String profile) {
        return source.executionRole(profile);
    }

    @Override
    public Token token(Pod pod, String audience, long expirationSeconds) {
        return source.token(pod, audience, expirationSeconds);
    }

    @Override
    public Optional<PersistentVolumeClaim> claim(String namespace, String name) {
        return source.claim(namespace, name);
    }

    @Override
    public Optional<PersistentVolume> persistentVolume(String name) {
        return source.persistentVolume(name);
    }

    @Override
    public ConfigSource recent() {
        return this;
    }
}
