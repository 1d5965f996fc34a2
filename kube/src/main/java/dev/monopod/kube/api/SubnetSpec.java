package dev.monopod.kube.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a user asks of a subnet.
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record SubnetSpec(
        @JsonPropertyDescription("Name of the VPC.") String vpc,
        @JsonPropertyDescription("IPv4 range within the VPC, /16 to /28.") String cidr,
        @JsonPropertyDescription("Zone, for example us-west-2a.") String zone,
        @JsonPropertyDescription("availability-zone (default), local-zone or wavelength-zone.")
                @Nullable String zoneType,
        @JsonPropertyDescription("ARN of the Outpost, if the subnet is on one.")
                @Nullable String outpostArn,
        @JsonPropertyDescription("Routes; the VPC's own range is always local.")
                @Nullable List<Route> routes) {

    /// A destination and where it leads.
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record Route(
            @JsonPropertyDescription("IPv4 range, for example 0.0.0.0/0.") String destination,
            @JsonPropertyDescription("nat, igw (which makes the subnet public), local or none.")
                    Target target) {}

    /// Where a route leads.
    public enum Target {
        local,
        nat,
        igw,
        none
    }
}
