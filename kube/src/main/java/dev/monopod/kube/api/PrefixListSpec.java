package dev.monopod.kube.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a user asks of a prefix list.
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record PrefixListSpec(
        @JsonPropertyDescription("The ranges.") @Nullable List<Entry> entries) {

    /// One range.
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record Entry(
            @JsonPropertyDescription("IPv4 range, for example 10.0.0.0/8.") String cidr,
            @JsonPropertyDescription("What the range is.") @Nullable String description) {}
}
