package dev.monopod.logging.plan;

import static dev.monopod.logging.plan.Trial.filter;
import static dev.monopod.logging.plan.Trial.record;
import static dev.monopod.logging.plan.Trial.records;
import static dev.monopod.logging.plan.Trial.result;
import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.logging.config.LoggingConfiguration;
import dev.monopod.logging.config.LoggingConfiguration.Judgement;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Each filter with Fluent Bit's documented meaning, in records and words of our own.
final class FiltersTest {
    @ParameterizedTest(name = "{0}: {1} becomes {2}")
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            nullValues = "dropped",
            value = {
                "Regex log ^GET                              | {'log':'GET /'}      | {'log':'GET /'}",
                "Regex log ^GET                              | {'log':'PUT /'}      | dropped",
                "Regex log ^GET                              | {'other':'GET'}      | dropped",
                "Exclude log health                          | {'log':'/health'}    | dropped",
                "Exclude log health                          | {'other':'health'}   | {'other':'health'}",
                "Regex $a['b']['c'] ^x                       | {'a':{'b':{'c':'xy'}}} | {'a':{'b':{'c':'xy'}}}",
                "Exclude $a['b.c'] ^x                        | {'a':{'b.c':'x'}}    | dropped",
                "Regex $a[1] ^x                              | {'a':['y','x']}      | {'a':['y','x']}",
                "Regex log /get/i                            | {'log':'GET'}        | {'log':'GET'}",
                "Regex n 1                                   | {'n':1}              | dropped",
                "Regex a x;Regex b y                         | {'a':'x','b':'z'}    | dropped",
                "Regex a x;Exclude b y                       | {'a':'x','b':'z'}    | {'a':'x','b':'z'}",
                "Logical_Op OR;Regex a x;Regex b y           | {'a':'x','b':'z'}    | {'a':'x','b':'z'}",
                "Logical_Op and;Regex a x;Regex b y          | {'a':'x','b':'z'}    | dropped",
                "Logical_Op AND;Exclude a x;Exclude b y      | {'a':'x','b':'z'}    | {'a':'x','b':'z'}",
                "Logical_Op OR;Exclude a x;Exclude b y       | {'a':'x','b':'z'}    | dropped",
            })
    void grepKeepsAndDropsByExpressions(String pairs, String before, String after) {
        assertThat(result(filter("grep", pairs.split(";")), "", before))
                .isEqualTo(after == null ? "" : after);
    }

    @ParameterizedTest(name = "{0}: {1} becomes {2}")
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "Set a new                  | {'a':'old','b':'1'}      | {'b':'1','a':'new'}",
                "Set a new                  | {'b':'1'}                | {'b':'1','a':'new'}",
                "Set a \"two words\"        | {}                       | {'a':'two words'}",
                "Add a new                  | {'a':'old'}              | {'a':'old'}",
                "Add a new                  | {'b':'1'}                | {'b':'1','a':'new'}",
                "Remove a                   | {'a':'1','ab':'2'}       | {'ab':'2'}",
                "Remove_wildcard a          | {'a':'1','ab':'2','b':'3'} | {'b':'3'}",
                "Remove_wildcard a*         | {'a':'1','ab':'2','b':'3'} | {'b':'3'}",
                "Remove_regex ^.b$          | {'a':'1','ab':'2','b':'3'} | {'a':'1','b':'3'}",
                "Rename a z                 | {'a':'1','b':'2'}        | {'z':'1','b':'2'}",
                "Rename a b                 | {'a':'1','b':'2'}        | {'a':'1','b':'2'}",
                "Hard_rename a b            | {'a':'1','b':'2'}        | {'b':'1'}",
                "Hard_rename x b            | {'a':'1','b':'2'}        | {'a':'1','b':'2'}",
                "Copy a z                   | {'a':'1','b':'2'}        | {'a':'1','b':'2','z':'1'}",
                "Copy a b                   | {'a':'1','b':'2'}        | {'a':'1','b':'2'}",
                "Hard_copy a b              | {'a':'1','b':'2'}        | {'a':'1','b':'1'}",
                "Move_to_start b*           | {'a':'1','b1':'2','b2':'3'} | {'b1':'2','b2':'3','a':'1'}",
                "Move_to_end a              | {'a':'1','b':'2'}        | {'b':'2','a':'1'}",
                "Rename a b;Add a again     | {'a':'1'}                | {'b':'1','a':'again'}",
                "Condition Key_exists a;Set b 1             | {'a':'1'}  | {'a':'1','b':'1'}",
                "Condition Key_exists a;Set b 1             | {'c':'1'}  | {'c':'1'}",
                "Condition Key_exists $a['b'];Set b 1       | {'a':{'b':'x'}} | {'a':{'b':'x'},'b':'1'}",
                "Condition Key_does_not_exist a;Set b 1     | {'c':'1'}  | {'c':'1','b':'1'}",
                "Condition A_key_matches ^x;Set b 1         | {'xy':'1'} | {'xy':'1','b':'1'}",
                "Condition No_key_matches ^x;Set b 1        | {'xy':'1'} | {'xy':'1'}",
                "Condition Key_value_equals a 1;Set b 1     | {'a':'1'}  | {'a':'1','b':'1'}",
                "Condition Key_value_does_not_equal a 1;Set b 1 | {'a':'2'} | {'a':'2','b':'1'}",
                "Condition Key_value_does_not_equal a 1;Set b 1 | {'c':'2'} | {'c':'2'}",
                "Condition Key_value_matches a ^1;Set b 1   | {'a':'12'} | {'a':'12','b':'1'}",
                "Condition Key_value_does_not_match a ^1;Set b 1 | {'a':'2'} | {'a':'2','b':'1'}",
                "Condition Matching_keys_have_matching_values ^a ^1;Set b 1 | {'a':'1','ab':'2'} | {'a':'1','ab':'2'}",
                "Condition Matching_keys_do_not_have_matching_values ^a ^1;Set b 1 | {'a':'3','ab':'2'} | {'a':'3','ab':'2','b':'1'}",
                "Condition Key_exists a;Condition Key_exists c;Set b 1 | {'a':'1'} | {'a':'1'}",
            })
    void modifyChangesKeysInTheOrderOfItsRules(String pairs, String before, String after) {
        assertThat(result(filter("modify", pairs.split(";")), "", before)).isEqualTo(after);
    }

    @ParameterizedTest(name = "{0}: {1} becomes {2}")
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "Record cluster my own        | {'a':'1'}           | {'a':'1','cluster':'my own'}",
                "Remove_key a;Remove_key b    | {'a':'1','b':'2','c':'3'} | {'c':'3'}",
                "Allowlist_key a              | {'a':'1','b':'2'}   | {'a':'1'}",
                "Whitelist_key a;Record z 1   | {'a':'1','b':'2'}   | {'a':'1','z':'1'}",
            })
    void recordModifierAddsAndRemovesKeys(String pairs, String before, String after) {
        assertThat(result(filter("record_modifier", pairs.split(";")), "", before))
                .isEqualTo(after);
    }

    @ParameterizedTest(name = "{0}: {1} becomes {2}")
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "Operation nest;Wildcard mem.*;Nest_under memory | {'mem.used':1,'x':2,'mem.free':3} | {'x':2,'memory':{'mem.used':1,'mem.free':3}}",
                "Operation nest;Wildcard mem.*;Nest_under memory;Remove_prefix mem. | {'mem.used':1,'x':2} | {'x':2,'memory':{'used':1}}",
                "Operation nest;Wildcard a;Wildcard b;Nest_under t | {'a':1,'b':2,'ab':3} | {'ab':3,'t':{'a':1,'b':2}}",
                "Operation nest;Wildcard z*;Nest_under t           | {'a':1} | {'a':1}",
                "Operation lift;Nested_under t                     | {'t':{'a':1},'x':2} | {'x':2,'a':1}",
                "Operation lift;Nested_under t;Add_prefix p_       | {'t':{'a':1,'b':2}} | {'p_a':1,'p_b':2}",
                "Operation lift;Nested_under t;Remove_prefix p_    | {'t':{'p_a':1}} | {'a':1}",
                "Operation lift;Nested_under t                     | {'t':'text'} | {'t':'text'}",
            })
    void nestMovesKeysIntoATableAndOutOfIt(String pairs, String before, String after) {
        assertThat(result(filter("nest", pairs.split(";")), "", before)).isEqualTo(after);
    }

    private static final String WORDS =
            "[PARSER]\n Name words\n Format regex\n Regex ^(?<first_word>[^ ]+) (?<rest>.*)$\n";

    @ParameterizedTest(name = "{0}: {1} becomes {2}")
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "-                              | {'log':'one two three','x':1} | {'first_word':'one','rest':'two three'}",
                "Reserve_Data On                | {'log':'one two','x':1} | {'first_word':'one','rest':'two','x':1}",
                "Preserve_Key On                | {'log':'one two','x':1} | {'first_word':'one','rest':'two','log':'one two'}",
                "Reserve_Data On;Preserve_Key On | {'x':1,'log':'one two'} | {'first_word':'one','rest':'two','x':1,'log':'one two'}",
                "-                              | {'log':'one','x':1} | {'log':'one','x':1}",
                "-                              | {'other':'one two'} | {'other':'one two'}",
            })
    void parserKeepsOtherKeysOnlyIfItIsTold(String pairs, String before, String after) {
        var more = pairs.equals("-") ? new String[] {} : pairs.split(";");
        var all = new String[more.length + 2];
        all[0] = "Key_Name log";
        all[1] = "Parser words";
        System.arraycopy(more, 0, all, 2, more.length);
        assertThat(result(filter("parser", all), WORDS, before)).isEqualTo(after);
    }

    @Test
    void parserTakesTheFirstOfItsParsersThatFits() {
        var parsers = "[PARSER]\n Name j\n Format json\n" + WORDS;
        var both = filter("parser", "Key_Name log", "Parser j", "Parser words");

        assertThat(result(both, parsers, "{'log':'{\\'a\\':1}'}".replace("\\'", "\\\"")))
                .isEqualTo("{'a':1}");
        assertThat(result(both, parsers, "{'log':'one two'}"))
                .isEqualTo("{'first_word':'one','rest':'two'}");
    }

    @Test
    void kubernetesAddsWhatIsKnownOfTheTagsContainer() {
        assertThat(result(filter("kubernetes"), "", "{'log':'x'}"))
                .isEqualTo(
                        "{'log':'x','kubernetes':{'pod_name':'web','namespace_name':'shop','pod_id':'uid-1',"
                                + "'labels':{'app':'front'},'annotations':{'fluentbit.io/parser':'words','owner':'me'},"
                                + "'host':'node-1','pod_ip':'10.0.0.7','container_name':'main','docker_id':'"
                                + Trial.ID
                                + "','container_hash':'busybox@sha256:0','container_image':'busybox:1'}}");
        assertThat(result(filter("kubernetes", "Labels Off", "Annotations Off"), "", "{}"))
                .doesNotContain("labels", "annotations");
    }

    @ParameterizedTest(name = "{0}: {1} becomes {2}")
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "Merge_Log Off                | {\"a\":1} | {'log':'{\\'a\\':1}'",
                "Merge_Log On                 | {\"a\":1} | {'log':'{\\'a\\':1}','a':1",
                "Merge_Log On;Keep_Log Off    | {\"a\":1} | {'a':1",
                "Merge_Log On;Keep_Log Off    | no JSON   | {'log':'no JSON'",
                "Merge_Log On;Merge_Log_Key m;Keep_Log Off | {\"a\":\"x\\n\"} | {'m':{'a':'x'}",
                "Merge_Log On;K8S-Logging.Parser On;Keep_Log Off | one two | {'first_word':'one','rest':'two'",
            })
    void kubernetesJoinsTheKeysOfAJsonLog(String pairs, String log, String beginning) {
        var quoted = "{\"log\":\"%s\"}".formatted(log.replace("\\", "\\\\").replace("\"", "\\\""));
        var filters = filter("kubernetes", pairs.split(";"));

        assertThat(result(filters, WORDS, quoted)).startsWith(beginning + ",'kubernetes'");
    }

    @Test
    void rewrittenRecordsPassAllFiltersAgainUnderTheirNewTag() {
        var filters =
                filter("record_modifier", "Record seen 1")
                        + "[FILTER]\n Name rewrite_tag\n Match kube.*\n"
                        + " Rule $level ^(err)or$ alert.$1.$TAG[1] true\n"
                        + "[FILTER]\n Name modify\n Match alert.*\n Set loud yes\n";

        var results = records(filters, "", "{\"level\":\"error\"}");

        assertThat(results).extracting("tag").containsExactly(Trial.TAG, "alert.err.var");
        assertThat(results.get(0).body().has("loud")).isFalse();
        assertThat(results.get(1).body().has("loud")).isTrue();
        assertThat(records(filters.replace("true", "false"), "", "{\"level\":\"error\"}"))
                .extracting("tag")
                .containsExactly("alert.err.var");
        assertThat(records(filters, "", "{\"level\":\"info\"}")).hasSize(1);
    }

    @Test
    void rulesThatFeedEachOtherEnd() {
        assertThat(records(filter("rewrite_tag", "Rule $a ^x$ again true"), "", "{\"a\":\"x\"}"))
                .hasSize(9);
    }

    @Test
    void throttleDropsWhatExceedsTheRateOfItsWindow() {
        var pipeline = Trial.pipeline(filter("throttle", "Rate 2", "Window 3", "Interval 1s"), "");
        var first = Instant.ofEpochSecond(1_000_000);

        assertThat(passed(pipeline, first, 10)).isEqualTo(6);
        assertThat(passed(pipeline, first.plusSeconds(1), 10)).isZero();
        assertThat(passed(pipeline, first.plusSeconds(3), 10)).isEqualTo(6);
        assertThat(passed(pipeline, first.plusSeconds(4), 1)).isZero();
    }

    private static long passed(Pipeline pipeline, Instant now, int records) {
        var passed = 0L;
        for (var i = 0; i < records; i++) {
            passed += pipeline.apply(record("{}"), now).size();
        }
        return passed;
    }

    @ParameterizedTest(name = "{0} {1}: {2}")
    @CsvSource({
        "kube.*, kube.var.log, true",
        "*, anything, true",
        "kube.var, kube.var.log, false",
        "k*log, kube.var.log, true",
        "k*x*log, kube.var.log, false",
        "*a*a*, banana, true",
        "ab*ba, aba, false",
    })
    void filtersTakeTheTagsThatTheyMatch(String pattern, String tag, boolean takes) {
        assertThat(new Match(java.util.Optional.of(pattern), java.util.Optional.empty()).takes(tag))
                .isEqualTo(takes);
    }

    @Test
    void filtersComeInTheOrderWritten() {
        assertThat(
                        result(
                                filter("modify", "Rename a b") + filter("grep", "Regex b ."),
                                "",
                                "{'a':'1'}"))
                .isEqualTo("{'b':'1'}");
        assertThat(
                        result(
                                filter("grep", "Regex b .") + filter("modify", "Rename a b"),
                                "",
                                "{'a':'1'}"))
                .isEmpty();
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "grep; Regex log (            | data[filters.conf] line 4",
                "grep; Logical_Op NAND        | write legacy, AND or OR",
                "grep; Logical_Op AND; Regex a x; Exclude a y | both Regex and Exclude",
                "modify; Turn a b             | modify has no such rule",
                "modify; Condition Key_is a   | modify has no such condition",
                "nest; Operation lift         | Nested_under",
                "parser; Key_Name log; Parser none | parsers.conf has no parser of that name",
                "kubernetes; Use_Journal On   | 'Use_Journal On' is not served",
                "throttle; Interval soon      | 1.5m",
                "rewrite_tag; Rule a b c      | $KEY REGEX NEW_TAG",
                "record_modifier; Remove_key a; Allowlist_key b | exclude each other",
            })
    void saysWhatIsNotServed(String filter, String words) {
        var parts = List.of(filter.split("; "));
        var data =
                Map.of(
                        "filters.conf",
                        filter(
                                parts.getFirst(),
                                parts.subList(1, parts.size()).toArray(String[]::new)),
                        "output.conf",
                        "[OUTPUT]\n Name es\n Match *");
        var valid = (Judgement.Valid) LoggingConfiguration.judge(data);

        assertThat(LoggingPlan.unserved(valid.configuration()))
                .anySatisfy(fault -> assertThat(fault.message()).contains(words));
    }
}
