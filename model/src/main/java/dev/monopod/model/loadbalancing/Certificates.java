package dev.monopod.model.loadbalancing;

import dev.monopod.model.loadbalancing.Listener.Certificate;
import io.fabric8.kubernetes.api.model.Secret;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/// Certificates in Secrets of type `kubernetes.io/tls`. One that can't be read must not reach the
/// data plane: it would refuse the whole configuration.
final class Certificates {
    private static final String KEY = "-----BEGIN ";

    private Certificates() {}

    /// Empty when there is no certificate with a key in it.
    static Optional<Certificate> of(Optional<Secret> secret, String id, List<String> names) {
        return secret.filter(found -> found.getData() != null)
                .flatMap(found -> pem(found, id, names));
    }

    private static Optional<Certificate> pem(Secret secret, String id, List<String> names) {
        var certificate = decoded(secret.getData().get("tls.crt"));
        var key = decoded(secret.getData().get("tls.key"));
        return readable(certificate) && key.contains(KEY) && key.contains("PRIVATE KEY-----")
                ? Optional.of(
                        new Certificate(id, certificate.strip() + "\n" + key.strip() + "\n", names))
                : Optional.empty();
    }

    private static String decoded(@org.jspecify.annotations.Nullable String base64) {
        try {
            return base64 == null
                    ? ""
                    : new String(Base64.getDecoder().decode(base64), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException malformed) {
            return "";
        }
    }

    private static boolean readable(String pem) {
        try {
            return !CertificateFactory.getInstance("X.509")
                    .generateCertificates(
                            new ByteArrayInputStream(pem.getBytes(StandardCharsets.UTF_8)))
                    .isEmpty();
        } catch (CertificateException malformed) {
            return false;
        }
    }
}
