package dev.monopod.controller.patching;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.monopod.model.loop.Loops;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class WebhookTest {
    private final List<String> got = new CopyOnWriteArrayList<>();
    private final Queue<Integer> answers = new ArrayDeque<>();
    private Instant now = Instant.parse("2026-01-01T00:00:00Z");
    private HttpServer server;
    private Webhook webhook;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext(
                "/",
                exchange -> {
                    got.add(
                            exchange.getRequestURI()
                                    + " "
                                    + new String(
                                            exchange.getRequestBody().readAllBytes(),
                                            StandardCharsets.UTF_8));
                    exchange.getResponseHeaders().add("Location", "/elsewhere");
                    exchange.sendResponseHeaders(answers.isEmpty() ? 204 : answers.remove(), -1);
                    exchange.close();
                });
        server.start();
        webhook = new Webhook(new Loops(InstantSource.system(), new Random()), () -> now);
    }

    @AfterEach
    void stop() {
        webhook.close();
        server.stop(0);
    }

    @Test
    void postsUntilItIsTakenAndFollowsNoRedirect() throws InterruptedException {
        answers.addAll(List.of(302, 500));

        for (var pass = 0; pass < 4; pass++) {
            assertThat(settled("a")).isFalse();
            webhook.pass();
            now = now.plus(Duration.ofSeconds(pass));
        }
        now = now.plus(Duration.ofSeconds(4));
        webhook.pass();

        assertThat(settled("a")).isTrue();
        webhook.pass();
        assertThat(got).hasSize(3).containsOnly("/hook a");
    }

    @Test
    void oneThatNobodyTakesIsGivenUp() throws InterruptedException {
        var port = server.getAddress().getPort();
        server.stop(0);
        var url = "http://127.0.0.1:%d/".formatted(port);

        for (var pass = 0; pass < Webhook.MOST_TRIES; pass++) {
            assertThat(webhook.settled("a", url, "a")).as("pass %d", pass).isFalse();
            webhook.pass();
            now = now.plus(Duration.ofHours(1));
        }

        assertThat(webhook.settled("a", url, "a")).isTrue();
    }

    /// A schema's pattern lets it pass, and no client can go there.
    @Test
    void oneThatIsNoUrlHoldsUpNoOther() throws InterruptedException {
        assertThat(webhook.settled("no", "http://hooks .example/{x}", "no")).isFalse();
        assertThat(settled("a")).isFalse();

        webhook.pass();

        assertThat(got).containsExactly("/hook a");
        assertThat(settled("a")).isTrue();
    }

    @Test
    void oneThatWasNotTakenYetIsKeptWhoeverElseIsForgotten() throws InterruptedException {
        assertThat(settled("a")).isFalse();
        webhook.keepOnly(List.of());
        webhook.pass();
        assertThat(got).containsExactly("/hook a");

        webhook.keepOnly(List.of());

        assertThat(settled("a")).as("it would be a new one").isFalse();
    }

    private boolean settled(String id) {
        return webhook.settled(
                id, "http://127.0.0.1:%d/hook".formatted(server.getAddress().getPort()), id);
    }
}
