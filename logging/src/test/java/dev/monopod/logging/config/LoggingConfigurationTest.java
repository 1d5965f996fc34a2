package dev.monopod.logging.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.monopod.logging.config.LoggingConfiguration.Judgement;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// EKS' rules for ConfigMap `aws-logging`. What is valid has the shape of the user guide's examples
/// and of what people write.
final class LoggingConfigurationTest {
    private static final String OUTPUT = "[OUTPUT]\n    Name es\n    Match *\n";

    static Stream<Arguments> accepted() {
        return Stream.of(
                arguments(
                        "the guide's for CloudWatch",
                        Map.of(
                                "flb_log_cw",
                                "false",
                                "filters.conf",
                                """
                                [FILTER]
                                    Name parser
                                    Match *
                                    Key_name log
                                    Parser crio
                                [FILTER]
                                    Name kubernetes
                                    Match kube.*
                                    Merge_Log On
                                    Keep_Log Off
                                    Buffer_Size 0
                                    Kube_Meta_Cache_TTL 300s
                                """,
                                "output.conf",
                                """
                                [OUTPUT]
                                    Name cloudwatch_logs
                                    Match   kube.*
                                    region us-west-2
                                    log_group_name my-logs
                                    log_stream_prefix from-fluent-bit-
                                    log_retention_days 60
                                    auto_create_group true
                                """,
                                "parsers.conf",
                                """
                                [PARSER]
                                    Name crio
                                    Format Regex
                                    Regex ^(?<time>[^ ]+) (?<stream>stdout|stderr) (?<logtag>P|F) (?<log>.*)$
                                    Time_Key    time
                                    Time_Format %Y-%m-%dT%H:%M:%S.%L%z
                                """)),
                arguments(
                        "the guide's for OpenSearch",
                        Map.of(
                                "output.conf",
                                """
                                [OUTPUT]
                                  Name  es
                                  Match *
                                  Host  search-example.us-west-2.es.amazonaws.com
                                  Port  443
                                  AWS_Auth On
                                  tls   On
                                """)),
                arguments(
                        "the guide's for Firehose, one blank deep",
                        Map.of(
                                "output.conf",
                                "[OUTPUT]\n Name  kinesis_firehose\n Match *\n delivery_stream s")),
                arguments(
                        "directives and keys in any case",
                        output("[Output]\n  NAME ES\n  match *")),
                arguments(
                        "directives that are indented",
                        output(
                                "  [OUTPUT]\n    Name es\n    Match a\n\n  [OUTPUT]\n    Name es\n    Match b")),
                arguments(
                        "comments, blank lines and the line ends of Windows",
                        output(
                                "# to the shop\r\n\r\n[OUTPUT]\r\n    # all\r\n    Name es\r\n    Match *\r\n")),
                arguments(
                        "keys of a record, which are no variables",
                        output(
                                OUTPUT
                                        + "    log_group_template $kubernetes['labels']['app'].$(tag)\n")),
                arguments(
                        "5300 characters, of more bytes",
                        Map.of(
                                "output.conf",
                                OUTPUT,
                                "notes",
                                "é".repeat(5300 - OUTPUT.length()))));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("accepted")
    void accepts(String what, Map<String, String> data) {
        assertThat(LoggingConfiguration.judge(data)).isInstanceOf(Judgement.Valid.class);
    }

    static Stream<Arguments> wrong() {
        var found = "found '%s'; ";
        return Stream.of(
                arguments(
                        output("[OUTPUT]\n    Name amazon_data_firehose\n    Match *"),
                        "data[output.conf] line 2: amazon_data_firehose is not a supported output"
                                + " plugin: supported are cloudwatch, cloudwatch_logs, es, firehose,"
                                + " kinesis, kinesis_firehose, loki, opentelemetry, splunk"),
                arguments(
                        with("filters.conf", "[FILTER]\n  Name multiline\n  Match *"),
                        "data[filters.conf] line 2: multiline is not a supported filter plugin:"
                                + " supported are grep, kubernetes, modify, nest, parser,"
                                + " record_modifier, rewrite_tag, throttle"),
                arguments(
                        output("[OUTPUT]\n    Name es"),
                        "data[output.conf] line 1: Match is required for each [OUTPUT]: the section"
                                + " has no Match"),
                arguments(
                        output("[OUTPUT]\n    Name\n    Match *"),
                        "data[output.conf] line 1: Name is required for each [OUTPUT]: the section"
                                + " has no value of Name"),
                arguments(
                        with("parsers.conf", "\n[PARSER]\n  Name crio"),
                        "data[parsers.conf] line 2: Format is required for each [PARSER]: the"
                                + " section has no Format"),
                arguments(
                        with("filters.conf", "[INPUT]\n  Name tail"),
                        "data[filters.conf] line 1: [INPUT] is not allowed in filters.conf: the file"
                                + " has [FILTER] only, and the system has [SERVICE] and [INPUT] of"
                                + " its own"),
                arguments(
                        with("filters.conf", "[OUTPUT]\n  Name es\n  Match *"),
                        "data[filters.conf] line 1: [OUTPUT] is not allowed in filters.conf: its"
                                + " place is output.conf"),
                arguments(
                        with("filters.conf", "[MULTILINE_PARSER]\n  Name a"),
                        "data[filters.conf] line 1: [MULTILINE_PARSER] is not allowed in"
                                + " filters.conf: the file has [FILTER] only, and the system has"
                                + " [SERVICE] and [INPUT] of its own"),
                arguments(
                        output(OUTPUT + "    HTTP_Passwd ${PASSWORD}"),
                        "data[output.conf] line 4: Environment variables are not allowed: "
                                + found.formatted("HTTP_Passwd ${PASSWORD}")
                                + "write the value itself"),
                arguments(
                        output("@INCLUDE /etc/passwd\n" + OUTPUT),
                        "data[output.conf] line 1: Directives that begin with @ are not allowed: "
                                + found.formatted("@INCLUDE /etc/passwd")
                                + "sections are all that may be in it"),
                arguments(
                        output("Name es\n" + OUTPUT),
                        "data[output.conf] line 1: A key-value pair stands outside of a section: "
                                + found.formatted("Name es")
                                + "begin with a directive such as [OUTPUT]"),
                arguments(
                        output("[OUTPUT\n    Name es"),
                        "data[output.conf] line 1: A directive has no closing bracket: "
                                + found.formatted("[OUTPUT")
                                + "write it as [NAME]"),
                arguments(
                        output("[OUTPUT]\n    Name es\n   Match *"),
                        "data[output.conf] line 3: The indentation has to be the same for all"
                                + " key-value pairs: 3 blanks here, 4 blanks in line 2"),
                arguments(
                        output("[OUTPUT]\n    Name es\n\tMatch *"),
                        "data[output.conf] line 3: The indentation has to be the same for all"
                                + " key-value pairs: 1 blanks with tabs here, 4 blanks in line 2"),
                arguments(
                        output(OUTPUT + " [OUTPUT]\n    Name es\n    Match *"),
                        "data[output.conf] line 4: The indentation has to be the same for all"
                                + " directives: 1 blanks here, 0 blanks in line 1"),
                arguments(
                        output("[OUTPUT]\nName es\nMatch *"),
                        "data[output.conf] line 2: Key-value pairs have to be indented more than"
                                + " directives: 'Name es' has 0 blanks, the directive of line 1 has 0"),
                arguments(
                        with(
                                "filters.conf",
                                "[FILTER]\n  Name kubernetes\n  Match *\n  kube_url https://a"),
                        "data[filters.conf] line 4: kube_url must not be specified: "
                                + found.formatted("kube_url https://a")
                                + "the system sets it, so remove it"),
                arguments(
                        Map.of("filters.conf", "[FILTER]\n  Name grep\n  Match *"),
                        "data[output.conf]: At least one supported output plugin has to be provided:"
                                + " it has no [OUTPUT]"),
                arguments(
                        Map.of(),
                        "data[output.conf]: At least one supported output plugin has to be provided:"
                                + " it has no [OUTPUT]"));
    }

    @ParameterizedTest(name = "{1}")
    @MethodSource("wrong")
    void namesWhatIsWrongWithItsLine(Map<String, String> data, String message) {
        assertThat(faults(data)).extracting(Fault::message).first().isEqualTo(message);
    }

    @Test
    void namesAllThatIsWrongInTheOrderOfTheFiles() {
        var data =
                Map.of(
                        "output.conf",
                        "[OUTPUT]\n  Name s3\n[INPUT]\n  Name tail",
                        "filters.conf",
                        "[FILTER]\n  Name lua\n  Match *");

        assertThat(faults(data))
                .extracting(fault -> fault.place() + ": " + fault.words())
                .containsExactly(
                        "data[filters.conf] line 2: lua is not a supported filter plugin",
                        "data[output.conf] line 1: Match is required for each [OUTPUT]",
                        "data[output.conf] line 2: s3 is not a supported output plugin",
                        "data[output.conf] line 3: [INPUT] is not allowed in output.conf");
    }

    @Test
    void takesCharactersOfAllValuesTogether() {
        var data = Map.of("output.conf", OUTPUT, "notes", "x".repeat(5301 - OUTPUT.length()));

        assertThat(LoggingConfiguration.judge(data))
                .isEqualTo(
                        new Judgement.TooLarge(
                                new Fault(
                                        "Config map has too many chars",
                                        "data",
                                        "5301 characters, at most 5300")));
    }

    @Test
    void keepsKeysThatComeAgainInTheirOrder() {
        var data =
                with(
                        "filters.conf",
                        "[FILTER]\n  Name grep\n  Match kube.*\n  Regex log a b  c\n  Exclude log x");

        assertThat(valid(data).configuration().filters())
                .containsExactly(
                        new Section(
                                "FILTER",
                                1,
                                List.of(
                                        new Section.Pair("Name", "grep", 2),
                                        new Section.Pair("Match", "kube.*", 3),
                                        new Section.Pair("Regex", "log a b  c", 4),
                                        new Section.Pair("Exclude", "log x", 5))));
    }

    @Test
    void knowsWhetherTheRoutersOwnLogIsWanted() {
        assertThat(valid(with("flb_log_cw", "True")).configuration().processLogs()).isTrue();
        assertThat(valid(with("flb_log_cw", "false")).configuration().processLogs()).isFalse();
        assertThat(valid(output(OUTPUT)).configuration().processLogs()).isFalse();
    }

    @Test
    void tellsKeysThatNobodyReads() {
        assertThat(valid(with("filter.conf", "[FILTER]")).unread()).containsExactly("filter.conf");
    }

    @Test
    void cutsWhatTheUserWroteWhereItIsLong() {
        assertThat(faults(output("[OUTPUT]\n  Name " + "x".repeat(5000) + "\n  Match *")))
                .singleElement()
                .satisfies(fault -> assertThat(fault.message()).hasSizeLessThan(300));
    }

    private static Judgement.Valid valid(Map<String, String> data) {
        return (Judgement.Valid) LoggingConfiguration.judge(data);
    }

    private static List<Fault> faults(Map<String, String> data) {
        return ((Judgement.Invalid) LoggingConfiguration.judge(data)).faults();
    }

    private static Map<String, String> output(String text) {
        return Map.of("output.conf", text);
    }

    private static Map<String, String> with(String key, String text) {
        return Map.of("output.conf", OUTPUT, key, text);
    }
}
