package dev.monopod.kube.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.kubernetes.api.model.Condition;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What is true of a security group.
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record SecurityGroupStatus(
        @JsonPropertyDescription("Machines that it is on.") @Nullable Long machines,
        @JsonPropertyDescription("Generation that this status speaks of.")
                @Nullable Long observedGeneration,
        @JsonPropertyDescription("Conditions: Ready; DeletionHeld while it is in use.")
                @Nullable List<Condition> conditions) {}
