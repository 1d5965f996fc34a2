package dev.monopod.logging.output;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.logging.config.Fault;
import dev.monopod.logging.config.LoggingConfiguration;
import dev.monopod.logging.config.LoggingConfiguration.Judgement;
import dev.monopod.logging.plan.LoggingPlan;
import dev.monopod.logging.record.Json;
import dev.monopod.logging.record.LogRecord;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import java.util.zip.InflaterInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What a stream gets, by the manuals of the three plugins.
final class StreamOutputTest {
    private static final String FIREHOSE = "Name kinesis_firehose\n region r\n delivery_stream s";
    private static final String GO = "Name firehose\n region r\n delivery_stream s";
    private static final String KINESIS = "Name kinesis\n region r\n stream s";
    private static final LogRecord RECORD =
            new LogRecord(
                    "kube.a",
                    Instant.parse("2026-11-03T01:02:03.004005006Z"),
                    Json.table("{\"log\":\"hello\",\"n\":1,\"pod\":{\"name\":\"web\"}}")
                            .orElseThrow());

    @Test
    void sendsTheWholeRecordAndALineBreakButOfKinesis() {
        var whole = "{\"log\":\"hello\",\"n\":1,\"pod\":{\"name\":\"web\"}}";

        assertThat(text(FIREHOSE)).contains(whole + "\n");
        assertThat(text(GO)).contains(whole + "\n");
        assertThat(text(KINESIS)).contains(whole);
        assertThat(text(KINESIS + "\n append_newline true")).contains(whole + "\n");
    }

    @Test
    void sendsTheValueOfOneKeyAloneOrTheKeysThatAreNamed() {
        assertThat(text(FIREHOSE + "\n log_key log")).contains("hello\n");
        assertThat(text(FIREHOSE + "\n log_key other")).isEmpty();
        assertThat(text(KINESIS + "\n data_keys n, log")).contains("{\"log\":\"hello\",\"n\":1}");
        assertThat(text(KINESIS + "\n data_keys other")).isEmpty();
    }

    /// The two makes mean different fractions by `%L`.
    @ParameterizedTest
    @CsvSource({
        "kinesis_firehose,,2026-11-03T01:02:03",
        "kinesis_firehose,%H:%M:%S.%3N,01:02:03.004",
        "kinesis_firehose,%S.%L,03.004005006",
        "firehose,%S.%L %f,03.004 004005",
        "firehose,100%% %e %b %z %s,100%  3 Nov +0000 1793667723",
    })
    void addsTheTimeAsStrftimeWritesIt(String plugin, String format, String time) {
        var section = "Name " + plugin + "\n region r\n delivery_stream s\n time_key at";

        assertThat(text(format == null ? section : section + "\n time_key_format " + format))
                .hasValueSatisfying(
                        text -> assertThat(text).endsWith(",\"at\":\"" + time + "\"}\n"));
    }

    @Test
    void pressesEachRecord() throws IOException {
        var gzip = bytes(FIREHOSE + "\n log_key log\n compression gzip").orElseThrow();
        var zlib = bytes(KINESIS + "\n log_key log\n compression zlib").orElseThrow();

        assertThat(new GZIPInputStream(new ByteArrayInputStream(gzip))).hasContent("hello\n");
        assertThat(new InflaterInputStream(new ByteArrayInputStream(zlib))).hasContent("hello");
    }

    @Test
    void findsThePartitionKey() {
        assertThat(output(KINESIS).partitionOf(RECORD)).isEmpty();
        assertThat(output(KINESIS + "\n partition_key pod->name").partitionOf(RECORD))
                .contains("web");
        assertThat(output(KINESIS + "\n partition_key pod").partitionOf(RECORD)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "data_keys a,kinesis_firehose",
        "compression zstd,kinesis_firehose",
        "compression gzip,kinesis",
        "aggregation true,kinesis",
        "time_key_format %Q,firehose",
        "time_key_format %f,kinesis_firehose",
    })
    void tellsWhatIsNotServed(String parameter, String plugin) {
        var section = "Name %s\n region r\n %s\n %s";
        var stream = plugin.equals("kinesis") ? "stream s" : "delivery_stream s";

        assertThat(LoggingPlan.unserved(judged(section.formatted(plugin, stream, parameter))))
                .extracting(Fault::words)
                .containsExactly("'%s' is not served".formatted(parameter));
    }

    @Test
    void takesOnARole() {
        var arn = "arn:aws-cn:iam::111122223333:role/path/logs";

        assertThat(output(KINESIS).role()).isEmpty();
        assertThat(output(KINESIS + "\n role_arn " + arn).role())
                .contains(new AssumedRole(arn, Optional.empty(), Optional.empty()));
        assertThat(
                        output(
                                        KINESIS
                                                + "\n role_arn "
                                                + arn
                                                + "\n external_id x\n sts_endpoint sts.example.com")
                                .role())
                .contains(new AssumedRole(arn, Optional.of("x"), Optional.of("sts.example.com")));
        assertThat(LoggingPlan.unserved(judged(KINESIS + "\n role_arn logs")))
                .extracting(Fault::words)
                .containsExactly("'logs' is no role_arn");
    }

    @Test
    void needsARegionAndAStream() {
        assertThat(LoggingPlan.unserved(judged("Name firehose")))
                .extracting(Fault::words)
                .containsExactly("firehose has no region", "firehose has no delivery_stream");
    }

    private static Optional<String> text(String section) {
        return bytes(section).map(bytes -> new String(bytes, StandardCharsets.UTF_8));
    }

    private static Optional<byte[]> bytes(String section) {
        return output(section).payload().of(RECORD);
    }

    private static StreamOutput output(String section) {
        var plan = LoggingPlan.of(judged(section), _ -> Optional.empty());
        return (StreamOutput) plan.routes().getFirst().output();
    }

    private static LoggingConfiguration judged(String section) {
        var judgement =
                LoggingConfiguration.judge(
                        Map.of("output.conf", "[OUTPUT]\n Match *\n " + section + "\n"));
        return ((Judgement.Valid) judgement).configuration();
    }
}
