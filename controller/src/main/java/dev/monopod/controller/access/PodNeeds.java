package dev.monopod.controller.access;

import io.fabric8.kubernetes.api.model.EnvFromSource;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeProjection;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// What a pod names of its namespace, and its kubelet so has to read for it: the same objects to
/// which Kubernetes' Node authorizer would let its kubelet. Ephemeral containers may add to it
/// while the pod lives.
///
/// @param account its service account
record PodNeeds(Set<String> secrets, Set<String> configMaps, String account) {
    PodNeeds {
        secrets = Set.copyOf(secrets);
        configMaps = Set.copyOf(configMaps);
    }

    static PodNeeds of(Pod pod) {
        var secrets = new TreeSet<String>();
        var configMaps = new TreeSet<String>();
        var spec = pod.getSpec();
        spec.getImagePullSecrets().forEach(reference -> add(secrets, reference.getName()));
        Stream.of(spec.getInitContainers(), spec.getContainers())
                .flatMap(List::stream)
                .forEach(container ->
                        variables(container.getEnvFrom(), container.getEnv(), secrets, configMaps));
        spec.getEphemeralContainers()
                .forEach(container ->
                        variables(container.getEnvFrom(), container.getEnv(), secrets, configMaps));
        spec.getVolumes().forEach(volume -> volume(volume, secrets, configMaps));
        var account = Objects.requireNonNullElse(spec.getServiceAccountName(), "");
        return new PodNeeds(secrets, configMaps, account.isEmpty() ? "default" : account);
    }

    private static void variables(
            List<EnvFromSource> sources,
            List<EnvVar> variables,
            Set<String> secrets,
            Set<String> configMaps) {
        for (var source : sources) {
            if (source.getSecretRef() != null) {
                add(secrets, source.getSecretRef().getName());
            }
            if (source.getConfigMapRef() != null) {
                add(configMaps, source.getConfigMapRef().getName());
            }
        }
        for (var variable : variables) {
            var from = variable.getValueFrom();
            if (from != null && from.getSecretKeyRef() != null) {
                add(secrets, from.getSecretKeyRef().getName());
            }
            if (from != null && from.getConfigMapKeyRef() != null) {
                add(configMaps, from.getConfigMapKeyRef().getName());
            }
        }
    }

    private static void volume(Volume volume, Set<String> secrets, Set<String> configMaps) {
        if (volume.getSecret() != null) {
            add(secrets, volume.getSecret().getSecretName());
        }
        if (volume.getConfigMap() != null) {
            add(configMaps, volume.getConfigMap().getName());
        }
        var projected = volume.getProjected();
        for (var source :
                projected == null ? List.<VolumeProjection>of() : projected.getSources()) {
            if (source.getSecret() != null) {
                add(secrets, source.getSecret().getName());
            }
            if (source.getConfigMap() != null) {
                add(configMaps, source.getConfigMap().getName());
            }
        }
    }

    private static void add(Set<String> names, @Nullable String name) {
        if (name != null && !name.isEmpty()) {
            names.add(name);
        }
    }
}
