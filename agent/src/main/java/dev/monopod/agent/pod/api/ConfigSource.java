package dev.monopod.agent.pod.api;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.Service;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// What pods need from the API besides themselves.
public interface ConfigSource {
    Optional<ConfigMap> configMap(String namespace, String name);

    Optional<Secret> secret(String namespace, String name);

    Optional<PersistentVolumeClaim> claim(String namespace, String name);

    Optional<PersistentVolume> persistentVolume(String name);

    /// The same, but ConfigMaps and Secrets may be a few seconds old.
    ConfigSource recent();

    /// Services of one namespace, as far as known.
    List<Service> services(String namespace);

    /// ARN of the pod execution role of a profile; empty when it has none.
    String executionRole(String profile);

    /// A token of the pod's service account, bound to the pod.
    Token token(Pod pod, String audience, long expirationSeconds);

    /// @param expires as the API server granted
    record Token(String value, Instant expires) {}
}
