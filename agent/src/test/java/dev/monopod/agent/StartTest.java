package dev.monopod.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.monopod.kube.health.HealthServer;
import dev.monopod.model.loop.Loops;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Clock;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
final class StartTest {
    private final Loops loops = new Loops(Clock.systemUTC(), new Random(1));
    private final CompletableFuture<Void> stopping = new CompletableFuture<>();

    /// Only the first of them was waited for.
    @ParameterizedTest
    @ValueSource(
            classes = {
                KubernetesClientException.class,
                IllegalStateException.class,
                NoClassDefFoundError.class
            })
    void triesAStepUntilItSucceedsAndSaysWhy(Class<? extends Throwable> kind) throws Exception {
        var tries = new AtomicInteger();
        try (var health = health()) {
            var result =
                    new Start(loops, health, stopping)
                            .step(
                                    "taking-up-pods",
                                    () -> {
                                        if (tries.incrementAndGet() == 1) {
                                            sneak(
                                                    kind.getDeclaredConstructor(String.class)
                                                            .newInstance("no list of Machines"));
                                        }
                                        return ready(health);
                                    });

            assertThat(result).startsWith("[-]start failed: taking-up-pods\n");
            assertThat(tries).hasValue(2);
        }
        assertThat(loops.health()).isEmpty();
    }

    @Test
    void saysWhatIsWrongUntilThen() throws Exception {
        try (var health = health()) {
            assertThatExceptionOfType(InterruptedException.class)
                    .isThrownBy(() ->
                            new Start(loops, health, stopping)
                                    .step(
                                            "host-address",
                                            () -> {
                                                stopping.complete(null);
                                                throw new IllegalStateException("no VPC");
                                            }))
                    .withMessage("stopped while waiting for host-address");
            assertThat(ready(health)).startsWith("[-]start failed: host-address: no VPC\n");
        }
    }

    private HealthServer health() throws Exception {
        return new HealthServer(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), loops);
    }

    private static String ready(HealthServer health) throws Exception {
        var uri = URI.create("http://127.0.0.1:%d/readyz".formatted(health.address().getPort()));
        try (var http = HttpClient.newHttpClient()) {
            return http.send(
                            HttpRequest.newBuilder(uri).build(),
                            HttpResponse.BodyHandlers.ofString())
                    .body();
        }
    }

    @SuppressWarnings("unchecked")
    private static <E extends Throwable> void sneak(Throwable what) throws E {
        throw (E) what;
    }
}
