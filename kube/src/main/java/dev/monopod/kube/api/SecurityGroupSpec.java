package dev.monopod.kube.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a user asks of a security group. Fields are those of EC2's security group rules.
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record SecurityGroupSpec(
        @JsonPropertyDescription("Name of the VPC.") String vpc,
        @JsonPropertyDescription("What the group is for.") @Nullable String description,
        @JsonPropertyDescription(
                        "Connections from whom are let in; none without rules. Answers always pass.")
                @Nullable List<Rule> ingress,
        @JsonPropertyDescription(
                        "Connections to whom are let out; none without rules. Answers always pass.")
                @Nullable List<Rule> egress) {

    /// Lets one protocol pass, from or to one of `cidr`, `group`, `prefixList`, `prefixes`.
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record Rule(
            @JsonPropertyDescription("tcp, udp, icmp, or -1: all protocols and ports.")
                    String protocol,
            @JsonPropertyDescription("First port; for icmp the type, -1: all. Absent: all ports.")
                    @Nullable Integer fromPort,
            @JsonPropertyDescription(
                            "Last port; for icmp the code, -1: all. Absent: the same as fromPort.")
                    @Nullable Integer toPort,
            @JsonPropertyDescription("IPv4 range, for example 10.0.0.0/8.") @Nullable String cidr,
            @JsonPropertyDescription("Security group whose members are meant.")
                    @Nullable String group,
            @JsonPropertyDescription("PrefixList whose entries are meant.")
                    @Nullable String prefixList,
            @JsonPropertyDescription("IPv4 ranges, all of which are meant.")
                    @Nullable List<String> prefixes,
            @JsonPropertyDescription("What the rule is for.") @Nullable String description) {}
}
