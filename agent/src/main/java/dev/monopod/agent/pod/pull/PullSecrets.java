package dev.monopod.agent.pod.pull;

import dev.monopod.agent.pod.api.ConfigSource;
import dev.monopod.host.image.ImageStore.RegistryCredential;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What the pod's image pull secrets say; those of its service account are in the pod, put there by
/// the API server. A missing or malformed one is left out, as in the kubelet.
///
/// @param missing names of secrets that are not there
record PullSecrets(List<RegistryCredential> credentials, List<String> missing) {

    static PullSecrets of(Pod pod, ConfigSource source) {
        List<RegistryCredential> credentials = new ArrayList<>();
        List<String> missing = new ArrayList<>();
        for (var reference : pod.getSpec().getImagePullSecrets()) {
            if (reference.getName() == null || reference.getName().isEmpty()) {
                continue;
            }
            var secret = source.secret(pod.getMetadata().getNamespace(), reference.getName());
            secret.map(Secret::getData)
                    .ifPresentOrElse(
                            data -> credentials.addAll(read(data)),
                            () -> missing.add(reference.getName()));
        }
        return new PullSecrets(List.copyOf(credentials), List.copyOf(missing));
    }

    @SuppressWarnings("unchecked") // JSON objects
    private static List<RegistryCredential> read(Map<String, String> data) {
        var current = data.get(".dockerconfigjson");
        var legacy = data.get(".dockercfg");
        var encoded = current != null ? current : legacy;
        if (encoded == null) {
            return List.of();
        }
        try {
            var text = new String(Base64.getDecoder().decode(encoded), StandardCharsets.UTF_8);
            Map<String, Object> document = Serialization.unmarshal(text, Map.class);
            var auths = current != null ? document.get("auths") : document;
            List<RegistryCredential> credentials = new ArrayList<>();
            if (auths instanceof Map<?, ?> entries) {
                entries.forEach((registry, value) -> {
                    if (value instanceof Map<?, ?> entry) {
                        credential(String.valueOf(registry), entry).ifPresent(credentials::add);
                    }
                });
            }
            return credentials;
        } catch (RuntimeException e) {
            return List.of();
        }
    }

    private static Optional<RegistryCredential> credential(String registry, Map<?, ?> entry) {
        var user = text(entry.get("username"));
        var password = text(entry.get("password"));
        var auth = text(entry.get("auth"));
        if (!auth.isEmpty()) {
            var decoded = new String(Base64.getDecoder().decode(auth), StandardCharsets.UTF_8);
            var colon = decoded.indexOf(':');
            if (colon < 0) {
                return Optional.empty();
            }
            user = decoded.substring(0, colon);
            password = decoded.substring(colon + 1);
        }
        return user.isEmpty()
                ? Optional.empty()
                : Optional.of(new RegistryCredential(registry, user, password));
    }

    private static String text(@Nullable Object value) {
        return value == null ? "" : value.toString();
    }
}
