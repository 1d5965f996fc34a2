package dev.monopod.kube.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.StatusBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class WatchFailuresTest {
    private Instant now = Instant.parse("2026-01-01T00:00:00Z");
    private final WatchFailures failures = new WatchFailures("gateways.example.org", () -> now);

    @Test
    void tellsInOneLineWhatTheApiServerSays() {
        var answer =
                new KubernetesClientException(
                        "Failure executing: GET at: https://…",
                        404,
                        new StatusBuilder().withCode(404).withMessage("not\nserved").build());

        assertThat(failures.line(new CompletionException(answer)))
                .hasValue(
                        "cannot watch gateways.example.org, trying again (failures lately: 1): not");
    }

    @Test
    void tellsOthersByTheirMessageOrTheirName() {
        assertThat(failures.line(new IOException("reset"))).get().asString().endsWith(": reset");
        assertThat(failures.line(new IOException())).get().asString().endsWith(": IOException");
    }

    /// A kind that is not served fails twice a minute.
    @Test
    void tellsWhatGoesOnAllDayAFewTimes() {
        var told =
                IntStream.range(0, 2 * 60 * 24)
                        .mapToObj(_ -> {
                            now = now.plus(Duration.ofSeconds(30));
                            return failures.line(new IOException("no"));
                        })
                        .flatMap(Optional::stream)
                        .toList();

        assertThat(told).hasSize(12).last().asString().contains("(failures lately: 2048)");
    }

    @Test
    void tellsWhatComesBackAfterAQuietTime() {
        for (var i = 0; i < 3; i++) {
            failures.line(new IOException("no"));
        }
        now = now.plus(Duration.ofMinutes(11));

        assertThat(List.of(failures.line(new IOException("no"))))
                .containsExactly(
                        Optional.of(
                                "cannot watch gateways.example.org, trying again (failures lately: 1): no"));
    }
}
