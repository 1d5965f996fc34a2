package dev.monopod.kube.eviction;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Status;
import io.fabric8.kubernetes.api.model.StatusBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class EvictionAnswerTest {
    @Test
    void refusalsAreToldInTheWordsOfEks() {
        assertThat(answer(429, byBudget()))
                .contains(
                        new EvictionAnswer.Refused(
                                "Cannot evict pod as it would violate the pod's disruption budget"));
        assertThat(
                        answer(
                                500,
                                message(
                                        "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.")))
                .contains(
                        new EvictionAnswer.Refused(
                                "This pod has multiple PodDisruptionBudget, which the eviction subresource does not support"));
        assertThat(answer(404, null)).contains(new EvictionAnswer.Gone());
        assertThat(answer(409, null))
                .as("another pod of that name")
                .contains(new EvictionAnswer.Gone());
    }

    @Test
    void aBusyServerRefusesNobody() {
        assertThat(answer(429, message("too many requests"))).isEmpty();
        assertThat(answer(500, message("etcd is away"))).isEmpty();
        assertThat(answer(0, null)).isEmpty();
    }

    private static Optional<EvictionAnswer> answer(int code, @Nullable Status status) {
        return EvictionAnswer.of(new KubernetesClientException("no", code, status));
    }

    private static Status byBudget() {
        return new StatusBuilder()
                .withMessage("Cannot evict pod as it would violate the pod's disruption budget.")
                .withNewDetails()
                .addNewCause(
                        "", "The disruption budget web needs 2 healthy pods", "DisruptionBudget")
                .endDetails()
                .build();
    }

    private static Status message(String text) {
        return new StatusBuilder().withMessage(text).build();
    }
}
