package dev.monopod.agent.pod.volume;

import dev.monopod.agent.pod.api.ConfigSource;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Secret;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/// The ConfigMaps and Secrets in the volumes of one pod. An immutable one is asked for once, as the
/// kubelet does. Used by one thread.
public final class PodObjects {
    private final String namespace;
    private final Map<String, ConfigMap> configMaps = new HashMap<>();
    private final Map<String, Secret> secrets = new HashMap<>();

    public PodObjects(String namespace) {
        this.namespace = namespace;
    }

    Optional<ConfigMap> configMap(ConfigSource source, String name) {
        if (configMaps.containsKey(name)) {
            return Optional.of(configMaps.get(name));
        }
        var found = source.configMap(namespace, name);
        found.filter(map -> Boolean.TRUE.equals(map.getImmutable()))
                .ifPresent(map -> configMaps.put(name, map));
        return found;
    }

    Optional<Secret> secret(ConfigSource source, String name) {
        if (secrets.containsKey(name)) {
            return Optional.of(secrets.get(name));
        }
        var found = source.secret(namespace, name);
        found.filter(secret -> Boolean.TRUE.equals(secret.getImmutable()))
                .ifPresent(secret -> secrets.put(name, secret));
        return found;
    }
}
