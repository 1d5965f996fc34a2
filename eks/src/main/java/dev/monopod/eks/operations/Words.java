package dev.monopod.eks.operations;

import io.fabric8.kubernetes.api.model.Status;
import io.fabric8.kubernetes.api.model.StatusCause;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// What Monopod's rules say of an object, told to who knows EKS' API alone: without the fields of
/// the object.
final class Words {
    /// Of a webhook's refusal.
    private static final String DENIED = "denied the request: ";

    private static final Pattern FIELD = Pattern.compile(" \\((?:spec|metadata)[^ )]*\\)(?=;|$)");
    private static final Pattern SUBNET = Pattern.compile("\\(spec\\.subnets\\[(\\d{1,4})\\]\\)");

    private Words() {}

    /// The sentences without the fields after them.
    static String of(String message) {
        return FIELD.matcher(message).replaceAll("");
    }

    /// What the API server, or a webhook of it, has against an object.
    static String of(KubernetesClientException refusal) {
        @Nullable Status status = refusal.getStatus();
        var message =
                Objects.requireNonNullElse(
                        status == null ? refusal.getMessage() : status.getMessage(), "");
        var webhook = message.indexOf(DENIED);
        if (webhook >= 0) {
            return of(message.substring(webhook + DENIED.length()));
        }
        var causes =
                causes(refusal).stream()
                        .map(cause -> cause.getField() + ": " + cause.getMessage())
                        .distinct()
                        .collect(Collectors.joining("; "));
        return causes.isEmpty() ? message : causes;
    }

    /// Whether the API server refused this field.
    static boolean speakOf(String field, KubernetesClientException refusal) {
        return causes(refusal).stream().anyMatch(cause -> field.equals(cause.getField()));
    }

    /// Whether a webhook, not the API server's access rules, refused.
    static boolean ofWebhook(KubernetesClientException refusal) {
        return refusal.getStatus() != null
                && Objects.requireNonNullElse(refusal.getStatus().getMessage(), "")
                        .contains(DENIED);
    }

    private static List<StatusCause> causes(KubernetesClientException refusal) {
        return refusal.getStatus() == null || refusal.getStatus().getDetails() == null
                ? List.of()
                : refusal.getStatus().getDetails().getCauses();
    }

    /// Those of the subnets of which a message speaks.
    static List<String> subnets(String message, List<String> all) {
        return SUBNET.matcher(message)
                .results()
                .map(found -> Integer.parseInt(found.group(1)))
                .filter(index -> index < all.size())
                .map(all::get)
                .distinct()
                .toList();
    }
}
