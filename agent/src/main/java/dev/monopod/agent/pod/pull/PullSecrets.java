package dev.monopod.agent.pod.pull;

import dev.monopod.agent.pod.api.ConfigSource;
import dev.monopod.host.image.ImageStore.RegistryCredential;
import io.fabric8.kubernetes.api.model.LocalObjectReference;
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
        for (LocalObjectReference reference : pod.getSpec().getImagePullSecrets()) {
            if (reference.getName() == null || reference.getName().isEmpty()) {
                continue;
            }
            Optional<Secret> secret =
                    source.secret(pod.getMetadata().getNamespace(), reference.getName());
            secret.map(Secret::getData)
                    .ifPresentOrElse(
                            data -> credentials.addAll(read(data)),
                            () -> missing.add(reference.getName()));
        }
        return new PullSecrets(List.copyOf(credentials), List.copyOf(missing));
    }

    @SuppressWarnings("unchecked") // JSON objects
    private static List<RegistryCredential> read(Map<String, String> data) {
        String current = data.get(".dockerconfigjson");
        String legacy = data.get(".dockercfg");
        String encoded = current != null ? current : legacy;
        if (encoded == null) {
            return List.of();
        }
        try {
            String text = new String(Base64.getDecoder().decode(encoded), StandardCharsets.UTF_8);
            Map<String, Object> document = Serialization.unmarshal(text, Map.class);
            Object auths = current != null ? document.get("auths") : document;
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
        String user = text(entry.get("username"));
        String password = text(entry.get("password"));
        String auth = text(entry.get("auth"));
        if (!auth.isEmpty()) {
            String decoded = new String(Base64.getDecoder().decode(auth), StandardCharsets.UTF_8);
            int colon = decoded.indexOf(':');
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
