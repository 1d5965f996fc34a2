package dev.monopod.agent.logging;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/// A server that takes `_bulk` as OpenSearch does, and fails as it is told.
final class SearchServer implements AutoCloseable {
    enum Mood {
        TAKES,
        FAILS,
        HANGS,
        /// Every second item is too much for it.
        TAKES_HALF,
        /// Every second item is none of its mapping.
        REFUSES_HALF
    }

    private static final ObjectMapper JSON = new ObjectMapper();

    final List<JsonNode> documents = new CopyOnWriteArrayList<>();
    final List<JsonNode> actions = new CopyOnWriteArrayList<>();
    final AtomicInteger requests = new AtomicInteger();

    /// Of each request.
    final List<Map<String, List<String>>> headers = new CopyOnWriteArrayList<>();

    final List<byte[]> bodies = new CopyOnWriteArrayList<>();

    /// Bytes of the largest request.
    final AtomicInteger largest = new AtomicInteger();

    volatile Mood mood = Mood.TAKES;
    private final CountDownLatch closing = new CountDownLatch(1);
    private final HttpServer server;

    SearchServer() throws IOException {
        server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext("/", this::answer);
        server.start();
    }

    int port() {
        return server.getAddress().getPort();
    }

    private void answer(HttpExchange exchange) throws IOException {
        requests.incrementAndGet();
        var body = exchange.getRequestBody().readAllBytes();
        headers.add(Map.copyOf(exchange.getRequestHeaders()));
        bodies.add(body);
        largest.accumulateAndGet(body.length, Math::max);
        var lines = new String(body, StandardCharsets.UTF_8).lines().toList();
        switch (mood) {
            case FAILS -> reply(exchange, 503, "not now");
            case HANGS -> {
                try {
                    closing.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
                exchange.close();
            }
            case TAKES, TAKES_HALF, REFUSES_HALF -> reply(exchange, 200, taken(lines));
        }
    }

    private String taken(List<String> lines) throws IOException {
        var bad = mood == Mood.TAKES ? 201 : mood == Mood.TAKES_HALF ? 429 : 400;
        var items = new ArrayList<String>();
        var fresh = new ArrayList<JsonNode>();
        var asked = new ArrayList<JsonNode>();
        for (var i = 0; i + 1 < lines.size(); i += 2) {
            var status = i % 4 == 2 ? bad : 201;
            items.add("{\"create\":{\"status\":%d}}".formatted(status));
            if (status == 201) {
                asked.add(JSON.readTree(lines.get(i)));
                fresh.add(JSON.readTree(lines.get(i + 1)));
            }
        }
        actions.addAll(asked);
        documents.addAll(fresh);
        return "{\"errors\":%s,\"items\":[%s]}".formatted(bad != 201, String.join(",", items));
    }

    private static void reply(HttpExchange exchange, int status, String text) throws IOException {
        var bytes = text.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    @Override
    public void close() {
        closing.countDown();
        server.stop(0);
    }
}
