package dev.monopod.agent.logging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.monopod.logging.config.LoggingConfiguration;
import dev.monopod.logging.config.LoggingConfiguration.Judgement;
import dev.monopod.logging.output.StreamOutput;
import dev.monopod.logging.plan.LoggingPlan;
import dev.monopod.logging.record.LogRecord;
import dev.monopod.logging.record.Value;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// AWS' own clients against a server that answers as Firehose and Kinesis do.
final class StreamSinkIT {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MIB = 1 << 20;

    /// The texts of each call's records.
    private final List<List<String>> calls = new CopyOnWriteArrayList<>();

    private final List<String> partitions = new CopyOnWriteArrayList<>();
    private final AtomicInteger largest = new AtomicInteger();

    /// Every third record of so many calls is refused.
    private final AtomicInteger partly = new AtomicInteger();

    private volatile boolean throttles;
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

    @ParameterizedTest
    @ValueSource(strings = {"firehose", "kinesis"})
    void putsOnlyWhatWasRefusedAgainAndNothingLaterBeforeIt(String plugin) throws Exception {
        partly.set(2);
        var lines = IntStream.range(0, 600).mapToObj(i -> "line " + i).toList();
        try (var sink = sink(plugin)) {
            var left = records(lines);
            for (var i = 0; i < 3; i++) {
                left = sink.send(left).again();
            }
            assertThat(left).isEmpty();
        }

        assertThat(calls).extracting(List::size).containsExactly(500, 267, 89);
        assertThat(calls.get(1)).startsWith("line 0", "line 3", "line 6");
        assertThat(calls.get(1)).endsWith("line 598", "line 599");
        assertThat(calls.get(2)).startsWith("line 0", "line 9", "line 18");
        if (plugin.equals("kinesis")) {
            // Without a key of its own a record goes to a shard by chance.
            assertThat(partitions.stream().distinct()).hasSize(856);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"firehose", "kinesis"})
    void keepsTheBoundsOfACallAndRefusesWhatNoCallTakes(String plugin) throws Exception {
        var most = plugin.equals("firehose") ? 1000 << 10 : MIB;
        // With a line break, or a partition key of 36 characters.
        var over = plugin.equals("firehose") ? 1 : 36;
        var fits = "x".repeat(most - over);
        var lines = new ArrayList<>(List.of(fits + "x"));
        for (var i = 0; i < 12; i++) {
            lines.add(fits);
        }
        try (var sink = sink(plugin)) {
            var outcome = sink.send(records(lines));

            assertThat(outcome.refused()).isEqualTo(1);
            assertThat(outcome.why())
                    .isEqualTo(
                            "a record has %d bytes, of which it takes at most %d"
                                    .formatted(most + 1, most));
            assertThat(outcome.again()).isEmpty();
        }
        assertThat(calls.stream().mapToInt(List::size).sum()).isEqualTo(12);
        assertThat(largest.get()).isLessThanOrEqualTo((plugin.equals("firehose") ? 4 : 5) * MIB);
        assertThat(calls.getFirst()).hasSize(plugin.equals("firehose") ? 4 : 5);
    }

    @ParameterizedTest
    @ValueSource(strings = {"firehose", "kinesis"})
    void failsInTheWordsOfAServerThatThrottlesAll(String plugin) {
        throttles = true;
        try (var sink = sink(plugin)) {
            assertThatExceptionOfType(IOException.class)
                    .isThrownBy(() -> sink.send(records(List.of("a", "b"))))
                    .withMessageContaining("Slow down.");
        }
    }

    private StreamSink sink(String plugin) {
        var text =
                "[OUTPUT]\n Name %s\n Match *\n region eu-central-1\n %s s\n log_key log\n endpoint http://127.0.0.1:%d\n"
                        .formatted(
                                plugin,
                                plugin.equals("kinesis") ? "stream" : "delivery_stream",
                                server.getAddress().getPort());
        var judged = (Judgement.Valid) LoggingConfiguration.judge(Map.of("output.conf", text));
        var plan = LoggingPlan.of(judged.configuration(), _ -> Optional.empty());
        var output = (StreamOutput) plan.routes().getFirst().output();
        return new StreamSink(
                output,
                plugin.equals("kinesis") ? new KinesisCall(output) : new FirehoseCall(output));
    }

    private static List<LogRecord> records(List<String> lines) {
        return lines.stream()
                .map(line ->
                        new LogRecord(
                                "kube.a",
                                Instant.EPOCH,
                                Value.Table.of("log", new Value.Text(line))))
                .toList();
    }

    private void answer(HttpExchange exchange) throws IOException {
        var target = exchange.getRequestHeaders().getFirst("X-Amz-Target");
        var body = JSON.readTree(exchange.getRequestBody().readAllBytes());
        if (throttles) {
            reply(
                    exchange,
                    400,
                    "{\"__type\":\"LimitExceededException\",\"message\":\"Slow down.\"}");
            return;
        }
        var texts = new ArrayList<String>();
        var bytes = 0;
        for (var record : body.path("Records")) {
            var data = Base64.getDecoder().decode(record.path("Data").asText());
            texts.add(new String(data, StandardCharsets.UTF_8).strip());
            bytes += data.length + partition(record);
        }
        calls.add(texts);
        largest.accumulateAndGet(bytes, Math::max);
        var refuses = partly.getAndDecrement() > 0;
        var kinesis = target.equals("Kinesis_20131202.PutRecords");
        var items = JSON.createArrayNode();
        for (var i = 0; i < texts.size(); i++) {
            var item = items.addObject();
            if (refuses && i % 3 == 0) {
                item.put("ErrorCode", "ServiceUnavailableException").put("ErrorMessage", "full");
            } else {
                item.put(kinesis ? "SequenceNumber" : "RecordId", "1");
            }
        }
        var answer = JSON.createObjectNode();
        answer.put(
                kinesis ? "FailedRecordCount" : "FailedPutCount",
                refuses ? (texts.size() + 2) / 3 : 0);
        answer.set(kinesis ? "Records" : "RequestResponses", items);
        reply(exchange, 200, answer.toString());
    }

    private int partition(JsonNode record) {
        var key = record.path("PartitionKey").asText();
        if (!key.isEmpty()) {
            partitions.add(key);
        }
        return key.length();
    }

    private static void reply(HttpExchange exchange, int status, String text) throws IOException {
        var bytes = text.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/x-amz-json-1.1");
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }
}
