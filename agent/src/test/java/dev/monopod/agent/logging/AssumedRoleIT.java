package dev.monopod.agent.logging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.monopod.logging.config.LoggingConfiguration;
import dev.monopod.logging.config.LoggingConfiguration.Judgement;
import dev.monopod.logging.plan.LoggingPlan;
import dev.monopod.logging.record.LogRecord;
import dev.monopod.logging.record.Value;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Outputs that take on a role first, by AWS' own clients, against a server that answers as STS and
/// as the services do.
final class AssumedRoleIT {
    private static final String ARN = "arn:aws:iam::111122223333:role/logs";
    private static final String CLOUDWATCH =
            "Name cloudwatch_logs\n region eu-central-1\n log_group_name g\n log_stream_name s\n"
                    + " endpoint SERVER\n role_arn %s\n external_id shared\n sts_endpoint SERVER";
    private static final String FIREHOSE =
            "Name kinesis_firehose\n region eu-central-1\n delivery_stream s\n endpoint SERVER\n"
                    + " role_arn %s\n external_id shared\n sts_endpoint SERVER";
    private static final String KINESIS =
            "Name kinesis\n region eu-central-1\n stream s\n endpoint SERVER\n"
                    + " role_arn %s\n external_id shared\n sts_endpoint SERVER";
    private static final String SEARCH =
            "Name es\n Host 127.0.0.1\n Port PORT\n AWS_Auth On\n AWS_Region eu-central-1\n"
                    + " AWS_Role_ARN %s\n AWS_External_ID shared\n AWS_STS_Endpoint SERVER";

    /// What STS was asked, and who asked the services.
    private final List<String> asked = new CopyOnWriteArrayList<>();

    private final List<String> callers = new CopyOnWriteArrayList<>();
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

    @ParameterizedTest
    @ValueSource(strings = {CLOUDWATCH, FIREHOSE, KINESIS, SEARCH})
    void asksAsTheRoleAndTakesItOnOnce(String section) throws Exception {
        try (var sink = sink(section)) {
            assertThat(sink.send(records()).again()).isEmpty();
            assertThat(sink.send(records()).again()).isEmpty();
        }

        assertThat(asked)
                .singleElement()
                .asString()
                .contains(
                        "AKIDEXAMPLE", "Action=AssumeRole", "RoleArn=" + ARN, "ExternalId=shared");
        assertThat(callers)
                .hasSizeGreaterThanOrEqualTo(2)
                .allSatisfy(caller -> assertThat(caller).contains("ASIAROLE/", "the-session"));
    }

    @ParameterizedTest
    @ValueSource(strings = {CLOUDWATCH, FIREHOSE, KINESIS, SEARCH})
    void asksNobodyWithoutTheRole(String section) throws Exception {
        refuses = true;
        try (var sink = sink(section)) {
            assertThatExceptionOfType(IOException.class)
                    .isThrownBy(() -> sink.send(records()))
                    .withMessageContaining("is not authorized to perform: sts:AssumeRole");
            refuses = false;
            assertThat(sink.send(records()).again()).isEmpty();
        }

        assertThat(callers).allSatisfy(caller -> assertThat(caller).contains("ASIAROLE/"));
    }

    private Sink sink(String section) {
        var port = String.valueOf(server.getAddress().getPort());
        var text =
                section.formatted(ARN)
                        .replace("SERVER", "http://127.0.0.1:" + port)
                        .replace("PORT", port);
        var judged =
                (Judgement.Valid)
                        LoggingConfiguration.judge(
                                Map.of("output.conf", "[OUTPUT]\n Match *\n " + text + "\n"));
        assertThat(LoggingPlan.unserved(judged.configuration())).isEmpty();
        var plan = LoggingPlan.of(judged.configuration(), _ -> Optional.empty());
        return Sinks.real().take(plan.routes().getFirst().output()).sink();
    }

    private static List<LogRecord> records() {
        return List.of(
                new LogRecord("kube.a", Instant.now(), Value.Table.of("log", new Value.Text("x"))));
    }

    private void answer(HttpExchange exchange) throws IOException {
        var headers = exchange.getRequestHeaders();
        var body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        var caller =
                headers.getFirst("Authorization") + " " + headers.getFirst("X-Amz-Security-Token");
        if (body.startsWith("Action=")) {
            asked.add(caller + " " + URLDecoder.decode(body, StandardCharsets.UTF_8));
            sts(exchange);
            return;
        }
        callers.add(caller);
        var target = headers.getFirst("X-Amz-Target");
        if (target == null) {
            reply(
                    exchange,
                    200,
                    "application/json",
                    "{\"errors\":false,\"items\":[{\"create\":{\"status\":201}}]}");
        } else if (target.startsWith("Firehose")) {
            reply(
                    exchange,
                    200,
                    "application/x-amz-json-1.1",
                    "{\"FailedPutCount\":0,\"RequestResponses\":[{\"RecordId\":\"1\"}]}");
        } else if (target.startsWith("Kinesis")) {
            reply(
                    exchange,
                    200,
                    "application/x-amz-json-1.1",
                    "{\"FailedRecordCount\":0,\"Records\":[{\"SequenceNumber\":\"1\"}]}");
        } else {
            reply(exchange, 200, "application/x-amz-json-1.1", "{}");
        }
    }

    private void sts(HttpExchange exchange) throws IOException {
        if (refuses) {
            reply(
                    exchange,
                    403,
                    "text/xml",
                    "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>User"
                            + " is not authorized to perform: sts:AssumeRole</Message></Error>"
                            + "</ErrorResponse>");
            return;
        }
        reply(
                exchange,
                200,
                "text/xml",
                "<AssumeRoleResponse><AssumeRoleResult><Credentials>"
                        + "<AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"
                        + "<SessionToken>the-session</SessionToken><Expiration>"
                        + Instant.now().plus(Duration.ofHours(1))
                        + "</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>");
    }

    private static void reply(HttpExchange exchange, int status, String type, String text)
            throws IOException {
        var bytes = text.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", type);
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }
}
