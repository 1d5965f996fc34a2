package dev.monopod.model.profile;

import java.util.Set;

/// What of a VPC decides whether a profile may use its subnets.
public record VpcFacts(String name, String region, Set<Dns> enabled) {
    public VpcFacts {
        enabled = Set.copyOf(enabled);
    }

    /// DNS settings of a VPC.
    public enum Dns {
        RESOLUTION("enableDnsSupport"),
        HOSTNAMES("enableDnsHostnames");

        private final String field;

        Dns(String field) {
            this.field = field;
        }

        String field() {
            return field;
        }
    }
}
