package dev.monopod.kube.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// How far a round of patching is. What the controller must not forget stands here too.
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record PatchRunStatus(
        @JsonPropertyDescription("Running or Done; absent: it waits for an earlier one.")
                @Nullable Phase phase,
        @JsonPropertyDescription("Zone that is being patched.") @Nullable String zone,
        @JsonPropertyDescription("Pods that were to be patched.") int pods,
        @JsonPropertyDescription("Pods of them that are not patched yet.") int remaining,
        @JsonPropertyDescription("Pods that were evicted.") int evicted,
        @JsonPropertyDescription("Pods that were deleted at their deadline.") int deleted,
        @JsonPropertyDescription("When it began, RFC 3339.") @Nullable String startedAt,
        @JsonPropertyDescription("When it ended, RFC 3339.") @Nullable String endedAt,
        @JsonPropertyDescription("Why it does not go on at present.") @Nullable String message,
        @JsonPropertyDescription("Pods whose eviction was refused, and that are not gone yet.")
                @Nullable List<Refused> refused) {

    /// The life of a round, in order.
    public enum Phase {
        Running,
        Done
    }

    /// A pod whose eviction was refused.
    public record Refused(
            @JsonPropertyDescription("Namespace.") String namespace,
            @JsonPropertyDescription("Name.") String name,
            @JsonPropertyDescription("UID.") String uid,
            @JsonPropertyDescription("Why, in EKS' words.") String evictErrorMessage,
            @JsonPropertyDescription("When that was, RFC 3339.") String refusedAt,
            @JsonPropertyDescription("When it is evicted again, or else deleted, RFC 3339.")
                    String scheduledTerminationTime,
            @JsonPropertyDescription("Whether event and webhook have been told.")
                    boolean notified) {
        public Refused told() {
            return new Refused(
                    namespace,
                    name,
                    uid,
                    evictErrorMessage,
                    refusedAt,
                    scheduledTerminationTime,
                    true);
        }
    }

    public List<Refused> refusals() {
        return refused == null ? List.of() : refused;
    }
}
