package dev.monopod.agent.logging;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.monopod.logging.config.LoggingConfiguration;
import dev.monopod.logging.config.LoggingConfiguration.Judgement;
import dev.monopod.logging.output.HttpOutput;
import dev.monopod.logging.plan.LoggingPlan;
import dev.monopod.logging.record.LogRecord;
import dev.monopod.logging.record.Value;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What becomes of records, by what a server answers.
final class HttpSinkIT {
    private record Answer(int status, String text) {}

    private final List<String> taken = new CopyOnWriteArrayList<>();
    private final List<Map<String, List<String>>> headers = new CopyOnWriteArrayList<>();
    private final List<String> paths = new CopyOnWriteArrayList<>();
    private volatile Function<String, Answer> answers = _ -> new Answer(204, "");
    private HttpServer server;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext("/", this::answer);
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private void answer(HttpExchange exchange) throws IOException {
        var body = exchange.getRequestBody().readAllBytes();
        if ("gzip".equals(exchange.getRequestHeaders().getFirst("Content-Encoding"))) {
            body = new GZIPInputStream(new ByteArrayInputStream(body)).readAllBytes();
        }
        var text = new String(body, UTF_8);
        headers.add(Map.copyOf(exchange.getRequestHeaders()));
        paths.add(exchange.getRequestURI().toString());
        var answer = answers.apply(text);
        if (answer.status() / 100 == 2) {
            taken.add(text);
        }
        var bytes = answer.text().getBytes(UTF_8);
        exchange.sendResponseHeaders(answer.status(), bytes.length == 0 ? -1 : bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    @Test
    void bringsRecordsWithTheHeadersOfTheSection() throws Exception {
        try (var sink =
                sink("loki", "labels job=a\n tenant_id shop\n bearer_token t\n header X-A b c")) {
            assertThat(sink.send(records("one", "zwei – ü"))).isEqualTo(Sink.Outcome.TAKEN);
        }
        assertThat(taken).hasSize(1);
        assertThat(taken.getFirst()).contains("one", "zwei – ü");
        assertThat(paths).containsExactly("/loki/api/v1/push");
        assertThat(headers.getFirst())
                .containsEntry("X-scope-orgid", List.of("shop"))
                .containsEntry("Authorization", List.of("Bearer t"))
                .containsEntry("X-a", List.of("b c"))
                .containsEntry("Content-type", List.of("application/json"));
    }

    @Test
    void compressesWhatTheSectionSays() throws Exception {
        try (var sink = sink("opentelemetry", "compress gzip\n logs_uri /otlp/v1/logs?x=y")) {
            assertThat(sink.send(records("one"))).isEqualTo(Sink.Outcome.TAKEN);
        }
        assertThat(taken.getFirst()).startsWith("{\"resourceLogs\":[").contains("\"one\"");
        assertThat(paths).containsExactly("/otlp/v1/logs?x=y");
    }

    @Test
    void oneThatIsNeverTakenKeepsNoOtherBack() throws Exception {
        answers =
                body ->
                        body.contains("bad")
                                ? new Answer(400, "one of them is too old")
                                : new Answer(200, "");
        var lines = IntStream.range(0, 100).mapToObj(i -> i % 40 == 7 ? "bad " + i : "good " + i);
        try (var sink = sink("splunk", "Splunk_Token t")) {
            var outcome = sink.send(records(lines.toArray(String[]::new)));
            assertThat(outcome.again()).isEmpty();
            assertThat(outcome.refused()).isEqualTo(3);
            assertThat(outcome.why()).isEqualTo("it answered 400: one of them is too old");
        }
        assertThat(String.join("", taken).split("good ", -1)).hasSize(98);
    }

    @Test
    void losesNothingWhileTheServerCannotOrMayNotTakeIt() throws Exception {
        for (var status : List.of(401, 403, 404, 408, 429, 500, 503, 302)) {
            answers = _ -> new Answer(status, "not now");
            try (var sink = sink("loki", "labels job=a")) {
                assertThatThrownBy(() -> sink.send(records("one")))
                        .isInstanceOf(IOException.class)
                        .hasMessage("it answered %d: not now".formatted(status));
            }
        }
        assertThat(taken).isEmpty();
    }

    @Test
    void saysWhatWasNotTakenWhenAPartWas() throws Exception {
        answers =
                body ->
                        body.contains("bad")
                                ? new Answer(400, "no")
                                : taken.isEmpty() ? new Answer(200, "") : new Answer(503, "full");
        try (var sink = sink("splunk", "Splunk_Token t")) {
            var outcome = sink.send(records("a", "b", "bad", "c"));
            assertThat(outcome.refused()).isEqualTo(1);
            assertThat(outcome.again())
                    .extracting(one -> one.body().find("log").orElseThrow())
                    .containsExactly(new Value.Text("c"));
        }
    }

    @Test
    void countsWhatACollectorRefuses() throws Exception {
        answers =
                _ ->
                        new Answer(
                                200,
                                "{\"partialSuccess\":{\"rejectedLogRecords\":\"2\",\"errorMessage\":\"too old\"}}");
        try (var sink = sink("opentelemetry", "logs_body_key $log")) {
            assertThat(sink.send(records("a", "b", "c")))
                    .isEqualTo(new Sink.Outcome(List.of(), 2, "too old"));
        }
    }

    @Test
    void requestsAreBounded() throws Exception {
        var long_ = "x".repeat(200_000);
        try (var sink = sink("splunk", "Splunk_Token t")) {
            var lines = IntStream.range(0, 60).mapToObj(_ -> long_).toArray(String[]::new);
            assertThat(sink.send(records(lines))).isEqualTo(Sink.Outcome.TAKEN);
        }
        assertThat(taken).hasSizeGreaterThan(4);
        assertThat(taken).allMatch(body -> body.length() < 3_000_000);
    }

    private HttpSink sink(String plugin, String lines) {
        var text =
                "[OUTPUT]\n Name %s\n Match *\n Host 127.0.0.1\n Port %d\n %s\n"
                        .formatted(plugin, server.getAddress().getPort(), lines);
        var judged = (Judgement.Valid) LoggingConfiguration.judge(Map.of("output.conf", text));
        var plan = LoggingPlan.of(judged.configuration(), _ -> Optional.empty());
        return new HttpSink((HttpOutput) plan.routes().getFirst().output());
    }

    private static List<LogRecord> records(String... lines) {
        return List.of(lines).stream()
                .map(line ->
                        new LogRecord(
                                "kube.a",
                                Instant.EPOCH,
                                Value.Table.of("log", new Value.Text(line))))
                .toList();
    }
}
