package dev.monopod.kube.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.kubernetes.api.model.LabelSelector;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A pod gets the groups if it matches every selector that is set. Source: the user guide's "Assign
/// security groups to individual Pods".
@JsonInclude(JsonInclude.Include.NON_NULL)
public record SecurityGroupPolicySpec(
        @JsonPropertyDescription("Labels of pods; empty: every pod of the namespace.")
                @Nullable LabelSelector podSelector,
        @JsonPropertyDescription("Labels of the pods' service account.")
                @Nullable LabelSelector serviceAccountSelector,
        @JsonPropertyDescription("The groups.") SecurityGroups securityGroups) {

    /// One to five groups.
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record SecurityGroups(
            @JsonPropertyDescription("Names of SecurityGroup objects.") List<String> groupIds) {}
}
