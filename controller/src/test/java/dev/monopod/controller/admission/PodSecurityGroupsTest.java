package dev.monopod.controller.admission;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.monopod.kube.mapping.Profiles;
import dev.monopod.model.profile.Profile;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// Row F8: who gets which security groups.
final class PodSecurityGroupsTest {
    private static final String ANNOTATION = "fargate.amazonaws.com/pod-sg";

    private final FixedReads reads =
            new FixedReads()
                    .withVpc("main", "{cidrs: [192.168.0.0/16], region: us-west-2}")
                    .withSubnet("a", "{vpc: main, cidr: 192.168.96.0/19, zone: us-west-2a}")
                    .withProfile("p", "{selectors: [{namespace: shop}], subnets: [a]}")
                    .withSecurityGroup("sg-a", "{vpc: main}")
                    .withSecurityGroup("sg-b", "{vpc: main}")
                    .withAccountLabels("default", Map.of("team", "one"));
    private final ObjectNode pod =
            Serialization.unmarshal(
                    """
                    metadata: {labels: {app: web}, annotations: {%s: sg-cheat}}
                    spec: {}
                    """
                            .formatted(ANNOTATION),
                    ObjectNode.class);

    @Test
    void givesTheClusterSecurityGroupWhereNoPolicySelectsWhateverTheUserWrote() {
        reads.withSecurityGroupPolicy("p", policy("podSelector: {matchLabels: {app: db}}", "sg-a"));

        assertThat(apply()).isEmpty();
        assertThat(groups()).isEqualTo("sg-cluster-main");
    }

    @Test
    void givesTheGroupsOfEveryPolicyThatSelectsThePodEachOnce() {
        reads.withSecurityGroupPolicy("p", policy("podSelector: {}", "sg-a, sg-b"));
        reads.withSecurityGroupPolicy(
                "q", policy("serviceAccountSelector: {matchLabels: {team: one}}", "sg-b"));

        assertThat(apply()).isEmpty();
        assertThat(groups()).isEqualTo("sg-a,sg-b");
    }

    @Test
    void needsBothSelectorsToMatchWhereAPolicyHasBoth() {
        reads.withSecurityGroupPolicy(
                "p",
                policy(
                        "podSelector: {matchLabels: {app: web}}, serviceAccountSelector:"
                                + " {matchLabels: {team: two}}",
                        "sg-a"));

        apply();
        assertThat(groups()).isEqualTo("sg-cluster-main");
    }

    @Test
    void warnsOfAGroupThatDoesNotExist() {
        reads.withSecurityGroupPolicy("p", policy("podSelector: {}", "sg-z"));

        assertThat(apply())
                .containsExactly(
                        "The security group 'sg-z' does not exist; it allows nothing until it does");
    }

    private List<String> apply() {
        Profile profile = Profiles.of(reads.profiles().getFirst());
        return new PodSecurityGroups(reads).apply(pod, "shop", profile);
    }

    private String groups() {
        return pod.at("/metadata/annotations").path(ANNOTATION).asText();
    }

    private static String policy(String selectors, String groups) {
        return "{%s, securityGroups: {groupIds: [%s]}}".formatted(selectors, groups);
    }
}
