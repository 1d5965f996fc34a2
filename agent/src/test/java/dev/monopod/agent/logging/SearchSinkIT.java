package dev.monopod.agent.logging;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.monopod.logging.config.LoggingConfiguration;
import dev.monopod.logging.config.LoggingConfiguration.Judgement;
import dev.monopod.logging.output.SearchOutput;
import dev.monopod.logging.plan.LoggingPlan;
import dev.monopod.logging.record.LogRecord;
import dev.monopod.logging.record.Value;
import java.io.IOException;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// As whom a server is asked. What it sees is verified here without AWS' SDK, which signs.
final class SearchSinkIT {
    private static final String SECRET = "secret";

    private SearchServer server;

    @BeforeEach
    void start() throws IOException {
        server = new SearchServer();
        System.setProperty("aws.accessKeyId", "AKIDEXAMPLE");
        System.setProperty("aws.secretAccessKey", SECRET);
    }

    @AfterEach
    void stop() {
        server.close();
        System.clearProperty("aws.accessKeyId");
        System.clearProperty("aws.secretAccessKey");
    }

    @ParameterizedTest
    @CsvSource({"es, us-west-2, /", "es, eu-central-1, /logs/a~b/", "aoss, us-east-1, /"})
    void signsAsOpenSearchServiceVerifies(String service, String region, String path)
            throws Exception {
        try (var sink =
                sink(
                        "AWS_Auth On\n AWS_Region %s\n AWS_Service_Name %s\n Path %s\n Pipeline p.1\n HTTP_User jane"
                                .formatted(region, service, path.replaceAll("/$", "")))) {
            assertThat(sink.send(List.of(record("one"), record("zwei – ü"))))
                    .isEqualTo(Sink.Outcome.TAKEN);
        }

        assertThat(server.documents).hasSize(2);
        var headers = server.headers.getFirst();
        var authorization = headers.get("Authorization").getFirst();
        var scope =
                header("X-amz-date").substring(0, 8)
                        + "/"
                        + region
                        + "/"
                        + service
                        + "/aws4_request";
        assertThat(authorization)
                .startsWith(
                        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/" + scope + ", SignedHeaders=");
        var names = between(authorization, "SignedHeaders=", ",").split(";");
        assertThat(names).contains("host", "x-amz-date", "x-amz-content-sha256");
        assertThat(header("X-amz-content-sha256")).isEqualTo(sha256(server.bodies.getFirst()));
        var canonical = new StringBuilder("POST\n" + path + "_bulk\npipeline=p.1\n");
        for (var name : names) {
            canonical.append(name).append(':').append(header(name).strip()).append('\n');
        }
        canonical
                .append('\n')
                .append(String.join(";", names))
                .append('\n')
                .append(sha256(server.bodies.getFirst()));
        var text =
                "AWS4-HMAC-SHA256\n%s\n%s\n%s"
                        .formatted(
                                header("X-amz-date"),
                                scope,
                                sha256(canonical.toString().getBytes(UTF_8)));
        var key = ("AWS4" + SECRET).getBytes(UTF_8);
        for (var part : scope.split("/")) {
            key = hmac(key, part);
        }
        assertThat(authorization.substring(authorization.indexOf("Signature=") + 10))
                .isEqualTo(HexFormat.of().formatHex(hmac(key, text)));
    }

    @Test
    void bringsTheTokenOfASession() throws Exception {
        System.setProperty("aws.sessionToken", "of-a-session");
        try (var sink = sink("AWS_Auth On\n AWS_Region us-west-2")) {
            sink.send(List.of(record("one")));
        } finally {
            System.clearProperty("aws.sessionToken");
        }
        assertThat(header("X-amz-security-token")).isEqualTo("of-a-session");
        assertThat(header("Authorization")).contains("x-amz-security-token");
    }

    @Test
    void saysThatThereAreNoCredentialsAndLosesNothing() throws Exception {
        System.clearProperty("aws.accessKeyId");
        System.setProperty("aws.disableEc2Metadata", "true");
        try (var sink = sink("AWS_Auth On\n AWS_Region us-west-2")) {
            assertThatThrownBy(() -> sink.send(List.of(record("one"))))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("not signed")
                    .hasMessageContaining("credentials");
        } finally {
            System.clearProperty("aws.disableEc2Metadata");
        }
        assertThat(server.requests).hasValue(0);
    }

    @Test
    void asksAsAUserOtherwise() throws Exception {
        try (var sink = sink("HTTP_User jane\n HTTP_Passwd of-jane")) {
            sink.send(List.of(record("one")));
        }
        assertThat(header("Authorization")).isEqualTo("Basic amFuZTpvZi1qYW5l");
    }

    private String header(String name) {
        return server.headers.getFirst().entrySet().stream()
                .filter(entry -> entry.getKey().equalsIgnoreCase(name))
                .findFirst()
                .orElseThrow()
                .getValue()
                .getFirst();
    }

    private SearchSink sink(String lines) {
        var text =
                "[OUTPUT]\n Name es\n Match *\n Host 127.0.0.1\n Port %d\n %s\n"
                        .formatted(server.port(), lines);
        var judged = (Judgement.Valid) LoggingConfiguration.judge(Map.of("output.conf", text));
        var plan = LoggingPlan.of(judged.configuration(), _ -> Optional.empty());
        return new SearchSink((SearchOutput) plan.routes().getFirst().output());
    }

    private static LogRecord record(String line) {
        return new LogRecord("kube.a", Instant.EPOCH, Value.Table.of("log", new Value.Text(line)));
    }

    private static String between(String text, String from, String to) {
        var start = text.indexOf(from) + from.length();
        return text.substring(start, text.indexOf(to, start));
    }

    private static String sha256(byte[] bytes) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    }

    private static byte[] hmac(byte[] key, String text) throws Exception {
        var mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(key, "HmacSHA256"));
        return mac.doFinal(text.getBytes(UTF_8));
    }
}
