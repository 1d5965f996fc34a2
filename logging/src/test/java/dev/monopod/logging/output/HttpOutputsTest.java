package dev.monopod.logging.output;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.logging.config.Fault;
import dev.monopod.logging.config.LoggingConfiguration;
import dev.monopod.logging.config.LoggingConfiguration.Judgement;
import dev.monopod.logging.plan.LoggingPlan;
import dev.monopod.logging.record.Json;
import dev.monopod.logging.record.LogRecord;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What Loki, Splunk and collectors of OpenTelemetry get, by Fluent Bit's manual and their own.
final class HttpOutputsTest {
    /// Of the manual, "Loki".
    private static final String EXAMPLE =
            """
            {"key": 1, "sub": {"stream": "stdout", "id": "some id"}, "kubernetes": {"labels": {"team": "Santiago Wanderers"}}}\
            """;

    private static final String LINE =
            """
            {\\"key\\":1,\\"sub\\":{\\"stream\\":\\"stdout\\",\\"id\\":\\"some id\\"},\\"kubernetes\\":{\\"labels\\":{\\"team\\":\\"Santiago Wanderers\\"}}}\
            """;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "labels job=fluentbit, $sub['stream'] | {'job':'fluentbit','stream':'stdout'}",
                "labels job=fluentbit, mystream=$sub['stream'] | {'job':'fluentbit','mystream':'stdout'}",
                "labels job=fluentbit;label_keys $sub['stream'] | {'job':'fluentbit','stream':'stdout'}",
                "labels job=fluentbit;auto_kubernetes_labels on | {'job':'fluentbit','team':'Santiago Wanderers'}",
                "labels job=a, x=$none | {'job':'a'}",
                "labels x=$none | {'job':'fluent-bit'}",
                "Port 3100 | {'job':'fluent-bit'}"
            })
    void lokiHasTheStreamsOfTheManual(String lines, String stream) {
        assertThat(body(output("loki", lines), record(EXAMPLE)))
                .isEqualTo(
                        "{\"streams\":[{\"stream\":%s,\"values\":[[\"1535995058003385189\",\"%s\"]]}]}"
                                .formatted(stream.replace('\'', '"'), LINE));
    }

    @Test
    void lokiHasOneStreamForEachSetOfLabelsAndKeepsTheOrder() {
        var output = output("loki", "labels app=$app");
        assertThat(
                        body(
                                output,
                                record("{\"app\":\"a\",\"log\":\"1\"}"),
                                record("{\"app\":\"b\",\"log\":\"2\"}"),
                                record("{\"app\":\"a\",\"log\":\"3\"}")))
                .matches(
                        "\\{\"streams\":\\[\\{\"stream\":\\{\"app\":\"a\"\\},\"values\":\\[.*1.*3.*\\]\\},\\{\"stream\":\\{\"app\":\"b\"\\},\"values\":\\[.*2.*\\]\\}\\]\\}");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "label_keys $stream | {'log':'a b','n':2}",
                "label_keys $stream;remove_keys n, other | {'log':'a b'}",
                "label_keys $stream;line_format key_value | log='a b' n=2",
                "label_keys $stream;remove_keys n;drop_single_key on | 'a b'",
                "label_keys $stream;remove_keys n;drop_single_key raw | a b",
                "label_keys $stream;remove_keys n;drop_single_key on;line_format key_value | a b",
            })
    void lokiHasTheLinesOfTheManual(String lines, String line) {
        var record = record("{\"log\":\"a b\",\"stream\":\"stdout\",\"n\":2}");
        var text = output("loki", lines).piece(record).text();
        assertThat(Json.value(text).orElseThrow())
                .hasToString(
                        Json.value(
                                        "[\"1535995058003385189\",\"%s\"]"
                                                .formatted(line.replace("'", "\\\"")))
                                .orElseThrow()
                                .toString());
    }

    @Test
    void lokisLabelsOfPodsHaveNamesThatItTakes() {
        var record =
                record(
                        "{\"kubernetes\":{\"labels\":{\"app.kubernetes.io/name\":\"web\",\"9\":\"x\"}}}");
        assertThat(output("loki", "auto_kubernetes_labels on").piece(record).group())
                .isEqualTo("{\"_9\":\"x\",\"app_kubernetes_io_name\":\"web\"}");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "Splunk_Token t | {'time':'1535995058.003385189','event':{'k1':'foo','k2':'bar','index':'applogs'}}",
                "Splunk_Token t;splunk_send_raw on | {'time':'1535995058.003385189','k1':'foo','k2':'bar','index':'applogs'}",
                "Splunk_Token t;event_key k1;event_host $k2;event_source s;event_sourcetype_key none;event_sourcetype st;event_index i;event_index_key index"
                        + " | {'time':'1535995058.003385189','host':'bar','source':'s','sourcetype':'st','index':'applogs','event':'foo'}",
                "Splunk_Token t;event_field one $k1;event_field two $none;event_key k2 | {'time':'1535995058.003385189','fields':{'one':'foo'},'event':'bar'}",
            })
    void splunkHasTheEventsOfTheManual(String lines, String event) {
        var output = output("splunk", lines);
        var record = record("{\"k1\":\"foo\",\"k2\":\"bar\",\"index\":\"applogs\"}");
        assertThat(body(output, record, record)).isEqualTo((event + event).replace('\'', '"'));
        assertThat(output.endpoint().headers()).containsEntry("Authorization", "Splunk t");
        assertThat(output.endpoint())
                .hasToString(
                        "http://127.0.0.1:8088/services/collector/"
                                + (lines.contains("raw") ? "raw" : "event"));
    }

    @Test
    void openTelemetryHasTheWholeRecordAsItsBody() {
        assertThat(
                        body(
                                output("opentelemetry", "Port 4318"),
                                record(
                                        "{\"log\":\"a\",\"n\":9007199254740993,\"r\":0.5,\"t\":true,\"z\":null,\"l\":[1,{\"x\":\"y\"}]}")))
                .isEqualTo(
                        """
                        {"resourceLogs":[{"resource":{"attributes":[]},"scopeLogs":[{"scope":{},"logRecords":[\
                        {"timeUnixNano":"1535995058003385189","body":{"kvlistValue":{"values":[\
                        {"key":"log","value":{"stringValue":"a"}},\
                        {"key":"n","value":{"intValue":"9007199254740993"}},\
                        {"key":"r","value":{"doubleValue":0.5}},\
                        {"key":"t","value":{"boolValue":true}},\
                        {"key":"z","value":{}},\
                        {"key":"l","value":{"arrayValue":{"values":[{"intValue":"1"},\
                        {"kvlistValue":{"values":[{"key":"x","value":{"stringValue":"y"}}]}}]}}}]}}}]}]}]}\
                        """);
    }

    @Test
    void openTelemetryTakesFieldsFromWhereTheSectionSays() {
        var output =
                output(
                        "opentelemetry",
                        "logs_body_key $message;logs_body_key_attributes true;logs_span_id_message_key span_id;"
                                + "logs_trace_id_message_key trace_id;logs_severity_text_message_key loglevel;logs_severity_number_message_key lognum");
        var record =
                record(
                        "{\"message\":\"m\",\"same\":\"m\",\"loglevel\":\"warn\",\"lognum\":13,\"span_id\":\"00f067aa0ba902b7\",\"trace_id\":\"4bf92f3577b34da6a3ce929d0e0e4736\"}");
        assertThat(output.piece(record).text())
                .startsWith(
                        "{\"timeUnixNano\":\"1535995058003385189\",\"severityNumber\":13,\"severityText\":\"warn\",\"body\":{\"stringValue\":\"m\"},\"attributes\":[{\"key\":\"same\",\"value\":{\"stringValue\":\"m\"}},")
                .doesNotContain("\"key\":\"message\"")
                .endsWith(
                        "\"traceId\":\"4bf92f3577b34da6a3ce929d0e0e4736\",\"spanId\":\"00f067aa0ba902b7\"}");
        var strange =
                record("{\"message\":\"m\",\"lognum\":99,\"span_id\":\"no\",\"trace_id\":{}}");
        assertThat(output.piece(strange).text())
                .doesNotContain("severityNumber", "traceId\":\"", "spanId\":\"");
    }

    @Test
    void openTelemetrysResourceIsThePod() {
        var record =
                record(
                        "{\"log\":\"a\",\"kubernetes\":{\"pod_name\":\"web-1\",\"namespace_name\":\"shop\",\"labels\":{\"a\":\"b\"}}}");
        assertThat(output("opentelemetry", "Port 4318").piece(record).group())
                .isEqualTo(
                        "{\"attributes\":[{\"key\":\"k8s.pod.name\",\"value\":{\"stringValue\":\"web-1\"}},"
                                + "{\"key\":\"k8s.namespace.name\",\"value\":{\"stringValue\":\"shop\"}}]}");
    }

    @Test
    void openTelemetrySaysWhatWasRefused() {
        var output = output("opentelemetry", "Port 4318");
        assertThat(
                        output.refusal(
                                "{\"partialSuccess\":{\"rejectedLogRecords\":\"3\",\"errorMessage\":\"too old\"}}"))
                .isEqualTo(new HttpOutput.Refusal(3, "too old"));
        for (var answer : List.of("", "{}", "{\"partialSuccess\":{}}", "no JSON")) {
            assertThat(output.refusal(answer)).isEqualTo(HttpOutput.Refusal.NONE);
        }
    }

    @Test
    void whatIsSecretIsInNoText() {
        for (var output :
                List.of(
                        output("splunk", "Splunk_Token secret;event_key k"),
                        output("loki", "bearer_token secret;tenant_id t"),
                        output("loki", "http_user u;http_passwd secret"),
                        output("opentelemetry", "header X-Key secret"))) {
            assertThat(output.toString()).doesNotContain("secret");
            assertThat(output.endpoint().headers().toString()).isNotEqualTo("{}");
        }
    }

    /// Pods with the same section share a sink.
    @Test
    void equalSectionsAreEqualOutputs() {
        for (var lines :
                Map.of(
                                "loki",
                                "labels a=$x['y'][0], b=c;label_keys $z",
                                "splunk",
                                "Splunk_Token t;event_host $a['b'];event_field f $g",
                                "opentelemetry",
                                "logs_body_key $log")
                        .entrySet()) {
            assertThat(output(lines.getKey(), lines.getValue()))
                    .isEqualTo(output(lines.getKey(), lines.getValue()))
                    .hasSameHashCodeAs(output(lines.getKey(), lines.getValue()));
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "splunk | Port 8088 | splunk has no Splunk_Token that can be sent",
                "splunk | Splunk_Token t;event_field one | 'event_field one' is not served",
                "loki | labels a-b=c | 'labels a-b=c' is not served",
                "loki | label_map_path /etc/map.json | 'label_map_path /etc/map.json' is not served",
                "loki | line_format raw | 'line_format raw' is not served",
                "loki | uri loki | 'loki' is no path",
                "loki | uri /a%zz | '/a%zz' is no path",
                "loki | Host http://loki | 'http://loki' is no Host",
                "loki | Host my_loki | 'my_loki' is no Host",
                "splunk | Splunk_Token t;Host splunk- | 'splunk-' is no Host",
                "es | Host my_search | 'my_search' is no Host",
                "opentelemetry | grpc on | 'grpc on' is not served",
                "opentelemetry | compress zstd | 'compress zstd' is not served",
                "opentelemetry | header Content-Type text/plain | 'header Content-Type text/plain' is not served",
                "opentelemetry | header X-Only | 'header X-Only' is not served",
                "opentelemetry | Port 70000 | 70000 is no Port",
                "opentelemetry | tls.ca_file /ca.crt | 'tls.ca_file /ca.crt' is not served"
            })
    void namesWhatIsNotServed(String plugin, String lines, String words) {
        assertThat(LoggingPlan.unserved(judged(plugin, lines)))
                .extracting(Fault::words)
                .containsExactly(words);
    }

    private static String body(HttpOutput output, LogRecord... records) {
        var pieces = new LinkedHashMap<String, List<String>>();
        for (var record : records) {
            var piece = output.piece(record);
            pieces.computeIfAbsent(piece.group(), _ -> new ArrayList<>()).add(piece.text());
        }
        return output.body(pieces);
    }

    private static LogRecord record(String json) {
        return new LogRecord(
                "kube.a",
                Instant.ofEpochSecond(1_535_995_058, 3_385_189),
                Json.table(json).orElseThrow());
    }

    private static HttpOutput output(String plugin, String lines) {
        var plan = LoggingPlan.of(judged(plugin, lines), _ -> Optional.empty());
        return (HttpOutput) plan.routes().getFirst().output();
    }

    private static LoggingConfiguration judged(String plugin, String lines) {
        var judgement =
                LoggingConfiguration.judge(
                        Map.of(
                                "output.conf",
                                "[OUTPUT]\n  Name %s\n  Match *\n  %s\n"
                                        .formatted(plugin, lines.replace(";", "\n  "))));
        return ((Judgement.Valid) judgement).configuration();
    }
}
