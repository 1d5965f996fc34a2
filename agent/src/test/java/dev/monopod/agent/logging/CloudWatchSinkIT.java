package dev.monopod.agent.logging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.monopod.logging.output.CloudWatchOutput;
import dev.monopod.logging.output.CloudWatchOutput.StreamName;
import dev.monopod.logging.record.Json;
import dev.monopod.logging.record.LogRecord;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// AWS' own client against a server that answers as CloudWatch Logs does.
final class CloudWatchSinkIT {
    private static final Instant TIME = Instant.parse("2026-11-30T01:02:03.004Z");
    private static final ObjectMapper JSON = new ObjectMapper();

    private final List<String> calls = new CopyOnWriteArrayList<>();
    private final List<JsonNode> put = new CopyOnWriteArrayList<>();
    private final Set<String> there = ConcurrentHashMap.newKeySet();
    private volatile boolean refuses;
    private HttpServer server;

    @BeforeEach
    void start() throws IOException {
        System.setProperty("aws.accessKeyId", "AKIDEXAMPLE");
        System.setProperty("aws.secretAccessKey", "secret");
        server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        server.createContext("/", this::answer);
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
        System.clearProperty("aws.accessKeyId");
        System.clearProperty("aws.secretAccessKey");
    }

    @Test
    void makesGroupAndStreamAndSendsInTheOrderOfTimes() throws IOException {
        try (var sink = sink(true)) {
            assertThat(
                            sink.send(
                                    List.of(
                                            record("kube.a", TIME.plusMillis(1), "second"),
                                            record("kube.a", TIME, "first"))))
                    .isEqualTo(Sink.Outcome.TAKEN);
        }

        assertThat(calls)
                .containsExactly(
                        "CreateLogStream",
                        "CreateLogGroup",
                        "PutRetentionPolicy",
                        "CreateLogStream",
                        "PutLogEvents");
        var request = put.getFirst();
        assertThat(request.path("logGroupName").asText()).isEqualTo("shop");
        assertThat(request.path("logStreamName").asText()).isEqualTo("from-kube.a");
        var events = request.path("logEvents");
        assertThat(events.path(0).path("message").asText()).isEqualTo("{\"log\":\"first\"}");
        assertThat(events.path(0).path("timestamp").asLong()).isEqualTo(TIME.toEpochMilli());
        assertThat(events.path(1).path("message").asText()).isEqualTo("{\"log\":\"second\"}");
    }

    @Test
    void failsInTheWordsOfTheServerWithoutAGroup() {
        try (var sink = sink(false)) {
            assertThatExceptionOfType(IOException.class)
                    .isThrownBy(() -> sink.send(List.of(record("kube.a", TIME, "x"))))
                    .withMessageContaining("The specified log group does not exist");
        }
        assertThat(calls).containsOnly("CreateLogStream");
    }

    @Test
    void countsWhatIsRejectedForGood() throws IOException {
        refuses = true;
        try (var sink = sink(true)) {
            var outcome =
                    sink.send(List.of(record("kube.a", TIME, "old"), record("kube.a", TIME, "x")));

            assertThat(outcome.refused()).isEqualTo(1);
            assertThat(outcome.again()).isEmpty();
        }
    }

    /// A batch may have 1 MiB, with 26 bytes more for each event, which may have 256 KiB with them.
    @Test
    void keepsTheBoundsOfABatchAndCutsWhatIsLongerThanAnEvent() throws IOException {
        var records =
                IntStream.range(0, 9)
                        .mapToObj(i -> record("kube.a", TIME.plusMillis(i), "x".repeat(300_000)))
                        .toList();
        try (var sink = sink(true)) {
            assertThat(sink.send(records)).isEqualTo(Sink.Outcome.TAKEN);
        }

        assertThat(put).extracting(call -> call.path("logEvents").size()).containsExactly(4, 4, 1);
        for (var call : put) {
            for (var event : call.path("logEvents")) {
                assertThat(event.path("message").asText()).hasSize(262_144 - 26);
            }
        }
    }

    @Test
    void keepsABatchWithinADayAnd10000Events() throws IOException {
        var day = Duration.ofDays(1);
        var records =
                IntStream.range(0, 10_002)
                        .mapToObj(i -> record("kube.a", i == 10_001 ? TIME.plus(day) : TIME, "x"))
                        .toList();
        try (var sink = sink(true)) {
            assertThat(sink.send(records)).isEqualTo(Sink.Outcome.TAKEN);
        }

        assertThat(put)
                .extracting(call -> call.path("logEvents").size())
                .containsExactly(10_000, 1, 1);
    }

    private CloudWatchSink sink(boolean makesGroup) {
        return new CloudWatchSink(
                new CloudWatchOutput(
                        "eu-central-1",
                        "shop",
                        new StreamName.Prefix("from-"),
                        makesGroup,
                        Optional.of(7),
                        Optional.of("http://127.0.0.1:" + server.getAddress().getPort()),
                        Optional.empty(),
                        Optional.empty()));
    }

    private static LogRecord record(String tag, Instant time, String text) {
        return new LogRecord(
                tag, time, Json.table("{\"log\":\"%s\"}".formatted(text)).orElseThrow());
    }

    private void answer(HttpExchange exchange) throws IOException {
        var target = exchange.getRequestHeaders().getFirst("X-Amz-Target");
        var body = JSON.readTree(exchange.getRequestBody().readAllBytes());
        var call = target.substring(target.indexOf('.') + 1);
        calls.add(call);
        switch (call) {
            case "CreateLogGroup" -> {
                there.add("group");
                reply(exchange, 200, "{}");
            }
            case "CreateLogStream" -> {
                if (there.contains("group")) {
                    reply(exchange, 200, "{}");
                } else {
                    reply(
                            exchange,
                            400,
                            "{\"__type\":\"ResourceNotFoundException\",\"message\":\"The specified log group does not exist.\"}");
                }
            }
            case "PutLogEvents" -> {
                put.add(body);
                reply(
                        exchange,
                        200,
                        refuses
                                ? "{\"rejectedLogEventsInfo\":{\"tooOldLogEventEndIndex\":1}}"
                                : "{\"nextSequenceToken\":\"1\"}");
            }
            default -> reply(exchange, 200, "{}");
        }
    }

    private static void reply(HttpExchange exchange, int status, String text) throws IOException {
        var bytes = text.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/x-amz-json-1.1");
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }
}
