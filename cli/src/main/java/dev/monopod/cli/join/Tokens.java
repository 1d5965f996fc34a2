package dev.monopod.cli.join;

import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The tokens of `monopod token create` in the cluster. Their secrets are never shown.
final class Tokens {
    static final String NAMESPACE = "kube-system";
    static final String PREFIX = "bootstrap-token-";
    static final String TYPE = "bootstrap.kubernetes.io/token";
    static final String DESCRIPTION = "monopod token create";

    /// Names the host that a token has made, or is for.
    static final String HOST_ANNOTATION = "monopod.dev/host";

    private Tokens() {}

    /// @param host empty while it is unused
    record Entry(String id, String expires, String host) {
        static Entry of(Secret secret) {
            var annotations = secret.getMetadata().getAnnotations();
            return new Entry(
                    secret.getMetadata().getName().substring(PREFIX.length()),
                    text(secret, "expiration"),
                    Optional.ofNullable(annotations)
                            .map(all -> all.get(HOST_ANNOTATION))
                            .orElse(""));
        }
    }

    static List<Entry> list(KubernetesClient client) {
        return client
                .secrets()
                .inNamespace(NAMESPACE)
                .withField("type", TYPE)
                .list()
                .getItems()
                .stream()
                .filter(secret -> text(secret, "description").equals(DESCRIPTION))
                .map(Entry::of)
                .sorted(Comparator.comparing(Entry::expires))
                .toList();
    }

    /// Returns false if there is none.
    static boolean delete(KubernetesClient client, String id) {
        return list(client).stream().anyMatch(entry -> entry.id().equals(id))
                && !client.secrets()
                        .inNamespace(NAMESPACE)
                        .withName(PREFIX + id)
                        .delete()
                        .isEmpty();
    }

    private static String text(Secret secret, String key) {
        return Optional.ofNullable(secret.getData())
                .map((Map<String, String> data) -> data.get(key))
                .map(value -> new String(Base64.getDecoder().decode(value), StandardCharsets.UTF_8))
                .orElse("");
    }
}
