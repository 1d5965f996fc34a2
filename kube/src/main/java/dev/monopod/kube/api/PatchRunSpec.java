package dev.monopod.kube.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// What a round of patching is to do. Immutable.
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record PatchRunSpec(
        @JsonPropertyDescription("OutOfDate (default): pods on older machines; All: all pods.")
                @Nullable Pods pods,
        @JsonPropertyDescription(
                        "Seconds from a refused eviction to the pod's deletion; default 259200, three days.")
                @Nullable Long deadlineSeconds,
        @JsonPropertyDescription("URL that a refused eviction is posted to; absent: none.")
                @Nullable String notifyUrl) {
    /// As in the sample of EKS' event.
    public static final Duration DEADLINE = Duration.ofDays(3);

    public static final Duration SHORTEST_DEADLINE = Duration.ofMinutes(1);
    public static final Duration LONGEST_DEADLINE = Duration.ofDays(30);
    public static final int LONGEST_URL = 2048;

    /// Which pods.
    public enum Pods {
        OutOfDate,
        All
    }

    /// From a refused eviction to the last try.
    public Duration deadline() {
        return deadlineSeconds == null ? DEADLINE : Duration.ofSeconds(deadlineSeconds);
    }
}
