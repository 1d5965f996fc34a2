package dev.monopod.eks.identity;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/// An API server on loopback that keeps objects of a namespace in memory: it creates, gets,
/// deletes, and lists by one label, and fails while it is told to.
public final class MemoryApi implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Map<String, JsonNode> objects = new ConcurrentSkipListMap<>();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final HttpServer server;
    private volatile int failure;
    private volatile Runnable beforeCreation = () -> {};

    public MemoryApi() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/", this::serve);
        server.start();
    }

    public KubernetesClient client() {
        return new KubernetesClientBuilder()
                .withConfig(
                        new ConfigBuilder()
                                .withAutoConfigure(false)
                                .withMasterUrl("http://127.0.0.1:" + server.getAddress().getPort())
                                .withRequestRetryBackoffLimit(0)
                                .build())
                .build();
    }

    /// Answers everything with that code from now on; 0 mends it.
    public void fail(int code) {
        failure = code;
    }

    /// What happens when a creation has arrived, and before it is looked at.
    void beforeCreation(Runnable hook) {
        beforeCreation = hook;
    }

    private void serve(HttpExchange exchange) throws IOException {
        try (exchange) {
            var body = exchange.getRequestBody().readAllBytes();
            var path = exchange.getRequestURI().getPath();
            switch (failure == 0 ? exchange.getRequestMethod() : "") {
                case "POST" -> create(exchange, path, body);
                case "DELETE" -> answerOrNone(exchange, objects.remove(path));
                case "GET" -> {
                    if (path.matches(".*/(secrets|configmaps)")) {
                        list(exchange, path);
                    } else {
                        answerOrNone(exchange, objects.get(path));
                    }
                }
                default -> answer(exchange, failure, status(failure));
            }
        }
    }

    private void create(HttpExchange exchange, String path, byte[] body) throws IOException {
        beforeCreation.run();
        var object = JSON.readTree(body);
        var name = object.at("/metadata/name").asText();
        var metadata = (ObjectNode) object.get("metadata");
        metadata.put("creationTimestamp", "2026-11-29T09:00:00Z");
        if (objects.putIfAbsent(path + "/" + name, object) == null) {
            answer(exchange, 201, object);
        } else {
            answer(exchange, 409, status(409));
        }
    }

    private void list(HttpExchange exchange, String path) throws IOException {
        var list = JSON.createObjectNode();
        list.put("kind", path.endsWith("secrets") ? "SecretList" : "ConfigMapList");
        list.put("apiVersion", "v1");
        var items = list.putArray("items");
        var query = exchange.getRequestURI().getRawQuery();
        var selector =
                URLDecoder.decode(query, StandardCharsets.UTF_8)
                        .replaceAll(".*labelSelector=([^&]+).*", "$1")
                        .split("=");
        objects.forEach((key, object) -> {
            var value = object.at("/metadata/labels").path(selector[0]).asText();
            if (key.startsWith(path + "/") && value.equals(selector[1])) {
                items.add(object);
            }
        });
        answer(exchange, 200, list);
    }

    private static void answerOrNone(HttpExchange exchange, JsonNode object) throws IOException {
        if (object == null) {
            answer(exchange, 404, status(404));
        } else {
            answer(exchange, 200, object);
        }
    }

    private static JsonNode status(int code) {
        return JSON.createObjectNode()
                .put("kind", "Status")
                .put("apiVersion", "v1")
                .put("status", "Failure")
                .put("code", code);
    }

    private static void answer(HttpExchange exchange, int code, JsonNode object)
            throws IOException {
        var body = JSON.writeValueAsBytes(object);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(code, body.length);
        exchange.getResponseBody().write(body);
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
