package dev.monopod.kube.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import org.jspecify.annotations.Nullable;

/// What became of a schedule.
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record PatchScheduleStatus(
        @JsonPropertyDescription("When a round was last due, RFC 3339.") @Nullable String lastDueAt,
        @JsonPropertyDescription("When the next round is due, RFC 3339.") @Nullable String nextAt,
        @JsonPropertyDescription("Why there is none; empty if there is.")
                @Nullable String message) {}
