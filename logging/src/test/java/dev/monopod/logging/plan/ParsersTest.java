package dev.monopod.logging.plan;

import static dev.monopod.logging.plan.Trial.filter;
import static dev.monopod.logging.plan.Trial.records;
import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.logging.record.Json;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Each parser with Fluent Bit's documented meaning, in texts and words of our own.
final class ParsersTest {
    @ParameterizedTest(name = "{0} of {1} is {2}")
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "Format json                    | {\"a\":{\"b\":[1,2.5,true,null]}} | {\"a\":{\"b\":[1,2.5,true,null]}}",
                "Format json                    | [1] | {\"log\":\"[1]\"}",
                "Format logfmt                  | level=info msg=\"two \\\"words\\\"\" ok n= | {\"level\":\"info\",\"msg\":\"two \\\"words\\\"\",\"ok\":true,\"n\":\"\"}",
                "Format logfmt;Types n:integer  | n=5 | {\"n\":5}",
                "Format regex;Regex ^(?<n>\\d+) (?<f>\\S+) (?<b>\\S+) (?<h>\\S+)$;Types n:integer f:float b:bool h:hex | 7 1.5 true ff | {\"n\":7,\"f\":1.5,\"b\":true,\"h\":255}",
                "Format regex;Regex ^(?<a>x*)(?<b>y*)$ | yy | {\"b\":\"yy\"}",
                "Format regex;Regex ^(?<a>x*)(?<b>y*)$;Skip_Empty_Values Off | yy | {\"a\":\"\",\"b\":\"yy\"}",
                "Format regex;Regex ^(?<a_b>.)(?=c) | bc | {\"a_b\":\"b\"}",
                "Format json;Decode_Field_As json m | {\"m\":\"{\\\"a\\\":1}\"} | {\"m\":{\"a\":1}}",
                "Format json;Decode_Field json m    | {\"m\":\"{\\\"a\\\":1}\"} | {\"m\":\"{\\\"a\\\":1}\",\"a\":1}",
                "Format json;Decode_Field_As escaped_utf8 m do_next;Decode_Field_As json m | {\"m\":\"{\\\\\\\"a\\\\\\\":1}\"} | {\"m\":{\"a\":1}}",
            })
    void takesTextsApart(String pairs, String text, String fields) {
        assertThat(parsed(pairs, text)).isEqualTo(fields);
    }

    @Test
    void takesLabelsAndValuesApart() {
        assertThat(parsed("Format ltsv", "host:web\tpath:/a:b"))
                .isEqualTo("{\"host\":\"web\",\"path\":\"/a:b\"}");
    }

    private static String parsed(String pairs, String text) {
        var parser = "[PARSER]\n Name p\n %s\n".formatted(pairs.replace(";", "\n "));
        var record =
                "{\"log\":" + Json.write(new dev.monopod.logging.record.Value.Text(text)) + "}";
        return Json.write(
                records(filter("parser", "Key_Name log", "Parser p"), parser, record)
                        .getFirst()
                        .body());
    }

    @ParameterizedTest(name = "{1} by {0} is {2}")
    @CsvSource(
            delimiter = '|',
            value = {
                "%Y-%m-%dT%H:%M:%S.%L%z | 2021-03-04T05:06:07.123456789Z | 2021-03-04T05:06:07.123456789Z",
                "%Y-%m-%dT%H:%M:%S.%L%z | 2021-03-04T05:06:07.5+02:00 | 2021-03-04T03:06:07.500Z",
                "%d/%b/%Y:%H:%M:%S %z   | 28/Jul/2006:10:27:10 -0300 | 2006-07-28T13:27:10Z",
                "%b %d %H:%M:%S         | Feb  3 04:05:06 | 2026-02-03T04:05:06Z",
                "%s.%L                  | 1500000000.25 | 2017-07-14T02:40:00.250Z",
                "%F %I:%M %p            | 2021-03-04 12:30 AM | 2021-03-04T00:30:00Z",
            })
    void findsTheTimeOfARecordAndDropsItsKey(String format, String text, String time) {
        var parser =
                "[PARSER]\n Name p\n Format json\n Time_Key at\n Time_Format %s\n"
                        .formatted(format.strip());

        var record =
                records(
                                filter("parser", "Key_Name log", "Parser p"),
                                parser,
                                "{\"log\":\"{\\\"at\\\":\\\"%s\\\",\\\"a\\\":1}\"}".formatted(text))
                        .getFirst();

        assertThat(record.time()).isEqualTo(Instant.parse(time));
        assertThat(Json.write(record.body())).isEqualTo("{\"a\":1}");
    }

    @Test
    void keepsTheTimesKeyIfToldOrIfItIsNoTime() {
        var parser =
                "[PARSER]\n Name p\n Format json\n Time_Key at\n Time_Format %Y\n Time_Keep On\n";
        var filters = filter("parser", "Key_Name log", "Parser p");

        var kept = records(filters, parser, "{\"log\":\"{\\\"at\\\":\\\"2021\\\"}\"}").getFirst();
        var none =
                records(
                                filters,
                                parser.replace("On", "Off"),
                                "{\"log\":\"{\\\"at\\\":\\\"never\\\"}\"}")
                        .getFirst();

        assertThat(Json.write(kept.body())).isEqualTo("{\"at\":\"2021\"}");
        assertThat(none.time()).isEqualTo(Trial.TIME);
        assertThat(Json.write(none.body())).isEqualTo("{\"at\":\"never\"}");
    }
}
