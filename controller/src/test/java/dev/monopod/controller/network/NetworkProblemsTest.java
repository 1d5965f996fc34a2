package dev.monopod.controller.network;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.controller.ObjectProblems;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyBuilder;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class NetworkProblemsTest {
    private final List<String> told = new ArrayList<>();
    private final NetworkProblems problems =
            new NetworkProblems(
                    new ObjectProblems((object, _, reason, message, _) ->
                            told.add(
                                    object.getMetadata().getName()
                                            + " "
                                            + reason
                                            + ": "
                                            + message)));

    @Test
    void tellsOnceWhyAPolicyIsNotServedAndAnewWhenItIsAnother() {
        problems.tell(List.of(policy("1", "10.0.0.0/33")), List.of(), List.of());
        problems.tell(List.of(policy("1", "10.0.0.0/33")), List.of(), List.of());

        assertThat(told)
                .singleElement()
                .asString()
                .startsWith("p NotServed: spec: '33' is not a number from 0 to 32");

        problems.tell(List.of(policy("2", "10.0.0.0/8")), List.of(), List.of());
        problems.tell(List.of(policy("3", "10.0.0.0/33")), List.of(), List.of());

        assertThat(told).hasSize(2);
    }

    private static NetworkPolicy policy(String version, String range) {
        return new NetworkPolicyBuilder()
                .withNewMetadata()
                .withNamespace("mallory")
                .withName("p")
                .withUid("u")
                .withResourceVersion(version)
                .endMetadata()
                .withNewSpec()
                .withNewPodSelector()
                .endPodSelector()
                .addNewIngress()
                .addNewFrom()
                .withNewIpBlock()
                .withCidr(range)
                .endIpBlock()
                .endFrom()
                .endIngress()
                .endSpec()
                .build();
    }
}
