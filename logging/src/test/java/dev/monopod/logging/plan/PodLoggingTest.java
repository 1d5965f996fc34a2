package dev.monopod.logging.plan;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

/// What a pod is told, in EKS' words as far as they are known.
final class PodLoggingTest {
    @Test
    void saysThatThereIsNoConfigMap() {
        var logging = new PodLogging.NotFound();

        assertThat(logging.annotation()).isEqualTo("LoggingDisabled: LOGGING_CONFIGMAP_NOT_FOUND");
        assertThat(logging.message())
                .isEqualTo(
                        "Disabled logging because aws-logging configmap was not found. configmap"
                                + " \"aws-logging\" not found");
    }

    @Test
    void saysWhichRuleTheConfigMapBreaksAndWhere() {
        var logging = told(Map.of("output.conf", "[OUTPUT]\n  Name s3\n  Match *"));

        assertThat(logging.annotation()).isEqualTo("LoggingDisabled: LOGGING_CONFIGMAP_INVALID");
        assertThat(logging.message())
                .startsWith(
                        "Disabled logging for pod due to invalid configmap. s3 is not a supported"
                                + " output plugin. Please fix the logging configmap:"
                                + " data[output.conf] line 2: supported are cloudwatch,");
    }

    @Test
    void saysThatAConfigMapIsTooLargeIfItGotPast() {
        assertThat(told(Map.of("a", "x".repeat(6000))).message())
                .isEqualTo(
                        "Disabled logging for pod due to invalid configmap. Config map has too many"
                                + " chars. Please fix the logging configmap: data: 6000 characters,"
                                + " at most 5300");
    }

    @Test
    void saysThatLoggingIsEnabledInEksWordsAndKeepsWhatIsRead() {
        var data = Map.of("output.conf", "[OUTPUT]\n  Name es\n  Match *", "notes", "mine");

        var logging = told(data);

        assertThat(logging.annotation()).isEqualTo("LoggingEnabled");
        assertThat(logging.message()).isEqualTo("Successfully enabled logging for pod");
        assertThat(logging.kept()).containsOnlyKeys("output.conf");
    }

    /// `LoggingEnabled` would say that somebody gets the lines.
    @Test
    void claimsNoDeliveryWithAParameterThatIsNotServed() {
        var logging =
                told(
                        Map.of(
                                "filters.conf",
                                "[FILTER]\n  Name nest\n  Match *\n  Operation lift\n"
                                        + "  Nested_under a\n  Sideways on",
                                "output.conf",
                                "[OUTPUT]\n  Name es\n  Match *"));

        assertThat(logging.annotation()).isEqualTo("LoggingDisabled: LOG_DELIVERY_NOT_IMPLEMENTED");
        assertThat(logging.kept()).isEmpty();
        assertThat(logging.message())
                .contains("'Sideways on' is not served: data[filters.conf] line 6");
    }

    private static PodLogging told(Map<String, String> data) {
        return PodLogging.of(data);
    }
}
