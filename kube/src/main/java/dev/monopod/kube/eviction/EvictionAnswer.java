package dev.monopod.kube.eviction;

import dev.monopod.kube.client.ApiCode;
import io.fabric8.kubernetes.api.model.Status;
import io.fabric8.kubernetes.api.model.StatusCause;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What the Eviction API said of a pod.
public sealed interface EvictionAnswer {
    /// EKS' words. Source: "Set actions for AWS Fargate OS patching events".
    String BUDGET = "Cannot evict pod as it would violate the pod's disruption budget";

    /// EKS' words for two budgets that count the same pod.
    String BUDGETS =
            "This pod has multiple PodDisruptionBudget, which the eviction subresource does not support";

    /// Of a webhook's words so many characters are passed on.
    int LONGEST = 250;

    /// It is being deleted.
    record Evicted() implements EvictionAnswer {}

    /// There is no such pod any more.
    record Gone() implements EvictionAnswer {}

    /// A budget, or an admission webhook of the cluster, does not let it go.
    ///
    /// @param message in EKS' words where EKS has some
    record Refused(String message) implements EvictionAnswer {}

    /// Of an answer that is no success; empty if it says nothing of this pod, as when the API
    /// server is busy.
    static Optional<EvictionAnswer> of(KubernetesClientException answer) {
        @Nullable Status status = answer.getStatus();
        if (ApiCode.NOT_FOUND.in(answer) || ApiCode.CONFLICT.in(answer)) {
            return Optional.of(new Gone());
        }
        if (ApiCode.TOO_MANY_REQUESTS.in(answer) && byBudget(status)) {
            return Optional.of(new Refused(BUDGET));
        }
        if (ApiCode.INTERNAL_ERROR.in(answer)
                && message(status).contains("more than one PodDisruptionBudget")) {
            return Optional.of(new Refused(BUDGETS));
        }
        return ApiCode.BAD_REQUEST.in(answer) || ApiCode.FORBIDDEN.in(answer)
                ? Optional.of(new Refused(message(status)))
                : Optional.empty();
    }

    private static boolean byBudget(@Nullable Status status) {
        var details = status == null ? null : status.getDetails();
        List<StatusCause> causes = details == null ? List.of() : details.getCauses();
        return causes.stream().anyMatch(cause -> "DisruptionBudget".equals(cause.getReason()));
    }

    private static String message(@Nullable Status status) {
        var message = status == null ? null : status.getMessage();
        if (message == null) {
            return "refused";
        }
        return message.length() <= LONGEST ? message : message.substring(0, LONGEST) + "…";
    }
}
