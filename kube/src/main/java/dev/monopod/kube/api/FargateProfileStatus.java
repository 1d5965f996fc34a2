package dev.monopod.kube.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.kubernetes.api.model.Condition;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What the controller says of a profile.
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record FargateProfileStatus(
        @JsonPropertyDescription("CREATING, ACTIVE, DELETING, CREATE_FAILED or DELETE_FAILED.")
                @Nullable Phase phase,
        @JsonPropertyDescription("Amazon resource name.") @Nullable String arn,
        @JsonPropertyDescription("Why the phase is what it is.") @Nullable String message,
        @JsonPropertyDescription("Generation that this status speaks of.")
                @Nullable Long observedGeneration,
        @JsonPropertyDescription("Conditions.") @Nullable List<Condition> conditions) {

    /// EKS' names.
    public enum Phase {
        CREATING,
        ACTIVE,
        DELETING,
        CREATE_FAILED,
        DELETE_FAILED
    }
}
