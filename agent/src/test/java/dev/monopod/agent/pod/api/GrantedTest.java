package dev.monopod.agent.pod.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.fabric8.kubernetes.client.KubernetesClientException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

final class GrantedTest {
    private final List<Long> waits = new ArrayList<>();
    private final Granted granted = new Granted(waits::add);

    @Test
    void asksAgainWhileTheRightIsOnItsWay() {
        var calls = new AtomicInteger();

        var answer =
                granted.ask(() -> {
                    if (calls.incrementAndGet() < 4) {
                        throw new KubernetesClientException("forbidden", 403, null);
                    }
                    return "key";
                });

        assertThat(answer).isEqualTo("key");
        assertThat(waits).containsExactly(20L, 40L, 80L);
    }

    @Test
    void givesUpWithinFiveSeconds() {
        assertThatExceptionOfType(KubernetesClientException.class)
                .isThrownBy(() ->
                        granted.ask(() -> {
                            throw new KubernetesClientException("forbidden", 403, null);
                        }));
        assertThat(waits.stream().mapToLong(Long::longValue).sum()).isBetween(4_000L, 5_500L);
    }

    @Test
    void passesOtherAnswersOnAtOnce() {
        assertThatExceptionOfType(KubernetesClientException.class)
                .isThrownBy(() ->
                        granted.ask(() -> {
                            throw new KubernetesClientException("away", 503, null);
                        }));
        assertThat(waits).isEmpty();
    }
}
