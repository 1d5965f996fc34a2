package dev.monopod.loadbalancing.objects;

import io.fabric8.kubernetes.api.model.Secret;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.util.Base64;
import java.util.Optional;

/// Certificates in Secrets of type `kubernetes.io/tls`. One that can't be read must not reach the
/// data plane: it would refuse the whole configuration.
final class TlsSecrets {
    private static final String KEY = "-----BEGIN ";

    private TlsSecrets() {}

    /// The chain, then the key; empty when there is no certificate with a key in it.
    static Optional<String> pem(Secret secret) {
        if (secret.getData() == null) {
            return Optional.empty();
        }
        var certificate = decoded(secret.getData().get("tls.crt"));
        var key = decoded(secret.getData().get("tls.key"));
        return readable(certificate) && key.contains(KEY) && key.contains("PRIVATE KEY-----")
                ? Optional.of(certificate.strip() + "\n" + key.strip() + "\n")
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
