package dev.monopod.kube.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;

/// When rounds of patching begin, and what they are to do.
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record PatchScheduleSpec(
        @JsonPropertyDescription("Five fields of cron, in UTC, such as `0 3 * * SUN`.")
                String schedule,
        @JsonPropertyDescription("Each round.") PatchRunSpec run) {}
