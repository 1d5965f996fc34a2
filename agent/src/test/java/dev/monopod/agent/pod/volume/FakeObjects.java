package dev.monopod.agent.pod.volume;

import dev.monopod.agent.pod.api.ConfigSource;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/// Objects that a test puts in, and a record of what was asked for.
final class FakeObjects implements ConfigSource {
    final List<String> asked = new ArrayList<>();

    /// What who asks for a token gets.
    Optional<Supplier<Token>> tokens = Optional.empty();

    private final Map<String, HasMetadata> objects = new HashMap<>();

    /// Adds or replaces the object.
    FakeObjects with(String yaml) {
        HasMetadata object = new KubernetesSerialization().unmarshal(yaml);
        objects.put(object.getKind() + " " + object.getMetadata().getName(), object);
        return this;
    }

    private <T> Optional<T> get(Class<T> kind, String name) {
        String key = kind.getSimpleName() + " " + name;
        asked.add(key);
        return Optional.ofNullable(objects.get(key)).map(kind::cast);
    }

    @Override
    public Optional<ConfigMap> configMap(String namespace, String name) {
        return get(ConfigMap.class, name);
    }

    @Override
    public Optional<Secret> secret(String namespace, String name) {
        return get(Secret.class, name);
    }

    @Override
    public Optional<PersistentVolumeClaim> claim(String namespace, String name) {
        return get(PersistentVolumeClaim.class, name);
    }

    @Override
    public Optional<PersistentVolume> persistentVolume(String name) {
        return get(PersistentVolume.class, name);
    }

    @Override
    public ConfigSource recent() {
        return this;
    }

    @Override
    public List<Service> services(String namespace) {
        return List.of();
    }

    @Override
    public String executionRole(String profile) {
        return "";
    }

    @Override
    public Token token(Pod pod, String audience, long expirationSeconds) {
        return tokens.map(Supplier::get)
                .orElseGet(() -> new Token("token", Instant.EPOCH.plusSeconds(expirationSeconds)));
    }
}
