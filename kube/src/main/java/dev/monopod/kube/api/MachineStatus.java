package dev.monopod.kube.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.kubernetes.api.model.Condition;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What the agent says of a machine.
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record MachineStatus(
        @JsonPropertyDescription("Pending, Starting, Running, Stopping, Stopped or Failed.")
                @Nullable Phase phase,
        @JsonPropertyDescription("Kernel's boot id inside the machine.") @Nullable String bootId,
        @JsonPropertyDescription("Why the phase is what it is.") @Nullable String message,
        @JsonPropertyDescription("When the guest first answered, RFC 3339.")
                @Nullable String startedAt,
        @JsonPropertyDescription(
                        "Milliseconds from the process' start to the guest's first answer.")
                @Nullable Long startMillis,
        @JsonPropertyDescription("What it is made of; absent: unknown.")
                @Nullable MachineVersions versions,
        @JsonPropertyDescription("Conditions.") @Nullable List<Condition> conditions) {

    /// The life of a machine, in order; Failed can follow any but Stopped.
    public enum Phase {
        Pending,
        Starting,
        Running,
        Stopping,
        Stopped,
        Failed
    }
}
