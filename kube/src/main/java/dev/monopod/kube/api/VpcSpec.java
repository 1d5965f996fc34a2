package dev.monopod.kube.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a user asks of a VPC.
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record VpcSpec(
        @JsonPropertyDescription("IPv4 ranges, the primary first, each /16 to /28.")
                List<String> cidrs,
        @JsonPropertyDescription("Region, for example us-west-2.") String region,
        @JsonPropertyDescription("DNS resolution; Fargate needs it. Default true.")
                @Nullable Boolean enableDnsSupport,
        @JsonPropertyDescription("DNS hostnames; Fargate needs them. Default true.")
                @Nullable Boolean enableDnsHostnames) {}
