package dev.monopod.loadbalancing.rules;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class OwnerTest {
    /// Found by search in two seconds: FNV-1a, cut to 40 bits, gives both the same name. One tenant
    /// with two such Services froze every load balancer of a host.
    @Test
    void givesServicesOfChosenNamesDifferentKeys() {
        var one = new Owner(Owner.Kind.SERVICE, "team-a", "frontend-15246");
        var other = new Owner(Owner.Kind.SERVICE, "team-a", "frontend-29f6a6");

        assertThat(one.key()).isNotEqualTo(other.key());
    }

    @Test
    void hasKeysThatFitConditionTypes() {
        var owner = new Owner(Owner.Kind.INGRESS_GROUP, "n".repeat(63), "m".repeat(253));

        assertThat("k8s-" + owner.key()).hasSizeLessThanOrEqualTo(63).matches("[a-z0-9-]+");
    }
}
