package dev.monopod.kube.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What a user asks of a profile.
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record FargateProfileSpec(
        @JsonPropertyDescription("Name as EKS sees it; the object's name when absent.")
                @Nullable String profileName,
        @JsonPropertyDescription(
                        "One to five selectors; a pod that matches any of them matches the profile.")
                List<Selector> selectors,
        @JsonPropertyDescription("Names of private subnets; pods are spread over them.")
                List<String> subnets,
        @JsonPropertyDescription("ARN of the pod execution role: image pulls and logs.")
                @Nullable String podExecutionRoleArn,
        @JsonPropertyDescription("Tags of the profile.") @Nullable Map<String, String> tags,
        @JsonPropertyDescription(
                        "Reject (default): unsupported pods are refused at creation. Pending: they stay Pending with an event, as in EKS.")
                @Nullable UnsupportedPods unsupportedPods) {

    /// One namespace pattern and up to five label patterns, all of which must match. `*` and `?`
    /// are wildcards.
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record Selector(
            @JsonPropertyDescription("Namespace, with * and ? as wildcards.") String namespace,
            @JsonPropertyDescription(
                            "Labels that a pod must all carry; keys and values may hold * and ?.")
                    @Nullable Map<String, String> labels) {}

    /// What happens to a pod that the profile selects but Fargate excludes.
    public enum UnsupportedPods {
        Reject,
        Pending
    }
}
