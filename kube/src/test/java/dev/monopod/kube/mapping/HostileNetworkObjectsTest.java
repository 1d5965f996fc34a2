package dev.monopod.kube.mapping;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.kube.api.SecurityGroup;
import dev.monopod.kube.api.SecurityGroupSpec;
import dev.monopod.model.network.NetworkFacts;
import dev.monopod.model.network.RuleSet.Direction;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyBuilder;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyPeer;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyPeerBuilder;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyPort;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyPortBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// One object that can't be read, or is far too large, costs its own pods their connections and
/// nobody else anything.
final class HostileNetworkObjectsTest {
    private final List<NetworkPolicy> policies = new ArrayList<>();
    private final List<SecurityGroup> groups = new ArrayList<>();

    @Test
    void aPolicyWithARangeThatIsNoneClosesItsOwnPodsAndTheOthersAreServed() {
        policies.add(policy("mallory", "bad", List.of(block("10.0.0.0/33")), List.of(port(80))));
        policies.add(policy("shop", "good", List.of(block("10.0.0.0/8")), List.of(port(80))));

        var facts = facts();

        assertThat(facts.policies()).hasSize(2);
        assertThat(rules(facts, 0)).containsExactly(Map.entry(Direction.INGRESS, 0));
        assertThat(rules(facts, 1)).containsExactly(Map.entry(Direction.INGRESS, 1));
        assertThat(facts.policies().getFirst().pods().labels()).containsEntry("app", "web");
        assertThat(NetworkPolicies.read(policies.getFirst()).problem().orElseThrow())
                .contains("'33' is not a number from 0 to 32");
    }

    @Test
    void aPolicyWithPortsThatAreNoneClosesItsOwnPods() {
        for (var bad :
                List.of(
                        new NetworkPolicyPortBuilder(port(80)).withProtocol("QUIC").build(),
                        new NetworkPolicyPortBuilder(port(80)).withEndPort(79).build(),
                        port(70_000))) {
            policies.clear();
            policies.add(policy("mallory", "bad", List.of(block("10.0.0.0/8")), List.of(bad)));

            assertThat(rules(facts(), 0)).containsExactly(Map.entry(Direction.INGRESS, 0));
        }
    }

    @Test
    void aPolicyWithASelectorThatIsNoneClosesEveryPodOfItsNamespace() {
        var bad = policy("mallory", "bad", List.of(), List.of());
        bad.getSpec()
                .getPodSelector()
                .setMatchExpressions(
                        List.of(
                                new io.fabric8.kubernetes.api.model
                                                .LabelSelectorRequirementBuilder()
                                        .withKey("app")
                                        .withOperator("Like")
                                        .build()));
        bad.getSpec().setPolicyTypes(List.of("Ingress", "Egress"));
        policies.add(bad);

        var facts = facts();

        assertThat(facts.policies().getFirst().namespace()).isEqualTo("mallory");
        assertThat(facts.policies().getFirst().pods().matches(Map.of("any", "pod"))).isTrue();
        assertThat(rules(facts, 0))
                .containsOnly(Map.entry(Direction.INGRESS, 0), Map.entry(Direction.EGRESS, 0));
    }

    @Test
    void aPolicyWithMoreThanItMayHoldSaysTheFieldTheLimitAndTheValue() {
        var peers = IntStream.range(0, 3_000).mapToObj(_ -> block("10.1.2.3/32")).toList();
        var ports = IntStream.range(1, 1_102).mapToObj(HostileNetworkObjectsTest::port).toList();
        var selectors =
                IntStream.range(0, 201)
                        .mapToObj(number ->
                                new NetworkPolicyPeerBuilder()
                                        .withNewPodSelector()
                                        .addToMatchLabels("app", "a" + number)
                                        .endPodSelector()
                                        .build())
                        .toList();

        assertThat(problem(peers, List.of()))
                .startsWith("spec: ingress.from and egress.to have 3000 peers, the limit is 2000");
        assertThat(problem(List.of(), ports))
                .startsWith("spec: ingress.ports and egress.ports have 1101 ports,");
        assertThat(problem(selectors, List.of()))
                .startsWith("spec: ingress.from and egress.to have 201 peers by selector,");
        var except = block("10.0.0.0/8");
        except.getIpBlock()
                .setExcept(IntStream.range(0, 2_001).mapToObj(_ -> "10.1.2.3/32").toList());
        assertThat(problem(List.of(except), List.of()))
                .startsWith("spec: ipBlock.except have 2001 ranges, the limit is 2000");
        assertThat(problem(peers.subList(0, 2_000), ports.subList(0, 1_000))).isEmpty();
    }

    @Test
    void aSecurityGroupThatCantBeReadAllowsNothingAndTheOthersAreServed() {
        groups.add(group("bad", "10.0.0.0/99"));
        groups.add(group("good", "10.0.0.0/8"));

        var facts = facts();

        assertThat(facts.groups().get("bad").rules().get(Direction.INGRESS)).isEmpty();
        assertThat(facts.groups().get("good").rules().get(Direction.INGRESS)).hasSize(1);
        assertThat(SecurityGroups.read(groups.getFirst(), Map.of()).problem().orElseThrow())
                .contains("99");
    }

    private static String problem(List<NetworkPolicyPeer> peers, List<NetworkPolicyPort> ports) {
        return NetworkPolicies.read(policy("mallory", "huge", peers, ports)).problem().orElse("");
    }

    private static Map<Direction, Integer> rules(NetworkFacts facts, int policy) {
        var found = new java.util.EnumMap<Direction, Integer>(Direction.class);
        facts.policies()
                .get(policy)
                .rules()
                .rules()
                .forEach((direction, rules) -> found.put(direction, rules.size()));
        return found;
    }

    private NetworkFacts facts() {
        return new NetworkObjects(
                        List.of(),
                        List.of(),
                        groups,
                        List.of(),
                        policies,
                        List.<Namespace>of(),
                        List.of(),
                        List.of(),
                        List.of(),
                        List.of())
                .facts();
    }

    private static NetworkPolicy policy(
            String namespace,
            String name,
            List<NetworkPolicyPeer> peers,
            List<NetworkPolicyPort> ports) {
        return new NetworkPolicyBuilder()
                .withNewMetadata()
                .withNamespace(namespace)
                .withName(name)
                .endMetadata()
                .withNewSpec()
                .withNewPodSelector()
                .addToMatchLabels("app", "web")
                .endPodSelector()
                .addNewIngress()
                .withFrom(peers)
                .withPorts(ports)
                .endIngress()
                .endSpec()
                .build();
    }

    private static NetworkPolicyPeer block(String range) {
        return new NetworkPolicyPeerBuilder().withNewIpBlock().withCidr(range).endIpBlock().build();
    }

    private static NetworkPolicyPort port(int number) {
        return new NetworkPolicyPortBuilder().withPort(new IntOrString(number)).build();
    }

    private static SecurityGroup group(String name, String range) {
        var group = new SecurityGroup();
        group.setMetadata(new ObjectMetaBuilder().withName(name).build());
        group.setSpec(
                new SecurityGroupSpec(
                        "default",
                        "",
                        List.of(
                                new SecurityGroupSpec.Rule(
                                        "tcp", 80, 80, range, null, null, null, "")),
                        List.of()));
        return group;
    }
}
