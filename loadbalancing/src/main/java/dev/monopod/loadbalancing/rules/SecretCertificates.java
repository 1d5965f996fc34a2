package dev.monopod.loadbalancing.rules;

import dev.monopod.loadbalancing.rules.Listener.Certificate;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/// Certificates in Secrets of type `kubernetes.io/tls`. What AWS holds for an ARN, a user brings in
/// a Secret that is named after it: `acm-ID` for
/// `arn:aws:acm:us-west-2:111122223333:certificate/ID`. So nobody has to look through all Secrets.
final class SecretCertificates {
    /// Partition and service, region and account, and what the service calls it.
    private static final Pattern ARN =
            Pattern.compile(
                    "arn:[a-z-]+:([a-z]+):[a-z0-9-]*:[0-9]*:[a-z-]+/([A-Za-z0-9+=,.@_/-]+)");

    private SecretCertificates() {}

    /// @param name of a Secret, or an ARN
    /// @param field what the user wrote it in
    static Found find(Inventory inventory, String namespace, String name, String field) {
        var arn = ARN.matcher(name);
        var secret = arn.matches() ? secret(arn.group(1), arn.group(2)) : name;
        var certificate =
                inventory
                        .certificate(namespace, secret)
                        .map(pem -> new Certificate(namespace + "/" + secret, pem, List.of()));
        var missing =
                "there is no Secret %s/%s of type kubernetes.io/tls with a readable certificate"
                        .formatted(namespace, Readable.text(secret));
        return new Found(
                certificate,
                arn.matches()
                        ? "%s: nobody here holds AWS' keys, and %s for %s"
                                .formatted(field, missing, Readable.text(name))
                        : "%s: %s".formatted(field, missing));
    }

    /// @param problem what the user is told if there is none
    record Found(Optional<Certificate> certificate, String problem) {}

    private static String secret(String service, String id) {
        return service + "-" + id.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9.-]", "-");
    }
}
