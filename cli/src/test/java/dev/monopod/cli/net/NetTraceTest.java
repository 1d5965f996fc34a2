package dev.monopod.cli.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.monopod.cli.net.NetTrace.Answer;
import dev.monopod.cli.net.NetTrace.Wire;
import dev.monopod.cli.terminal.CliException;
import dev.monopod.kube.api.Machine;
import dev.monopod.kube.api.SecurityGroup;
import dev.monopod.kube.api.Subnet;
import dev.monopod.kube.api.Vpc;
import dev.monopod.kube.mapping.NetworkObjects;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointHints;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointHintsBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Two pods of one VPC: `team/front` in a group that reaches `team/back` at port 8080 only.
final class NetTraceTest {
    private final List<NetworkPolicy> policies = new ArrayList<>();
    private final List<Service> services = new ArrayList<>();
    private final List<EndpointSlice> slices = new ArrayList<>();

    @Test
    void letsThroughWhatTheGroupsAllowAndNamesTheRules() {
        Answer answer = trace("back", "8080", Wire.TCP);

        assertThat(answer.passes()).isTrue();
        assertThat(answer.summary()).isEqualTo("passes; answers always do");
        assertThat(answer.steps())
                .extracting(NetTrace.Step::step)
                .containsSubsequence("egress of team/front", "ingress of team/back");
        assertThat(answer.steps()).extracting(NetTrace.Step::verdict).containsOnly("ALLOWED");
    }

    @Test
    void namesWhoDropsAnotherPort() {
        Answer answer = trace("back", "22", Wire.TCP);

        assertThat(answer.passes()).isFalse();
        assertThat(answer.summary()).startsWith("dropped: no rule of ").contains("allows it");
        assertThat(answer.steps()).last().extracting(NetTrace.Step::verdict).isEqualTo("DROPPED");
    }

    @ParameterizedTest
    @EnumSource(
            value = Wire.class,
            names = {"UDP", "SCTP", "ICMP"})
    void dropsOtherProtocolsAtTheSamePort(Wire wire) {
        assertThat(trace("back", wire == Wire.ICMP ? "8" : "8080", wire).passes()).isFalse();
    }

    @Test
    void findsAPortByTheNameThatTheTargetGivesIt() {
        assertThat(trace("back", "http", Wire.TCP).steps())
                .first()
                .extracting(NetTrace.Step::packet)
                .asString()
                .contains("192.168.96.11", "8080");
        assertThatThrownBy(() -> trace("back", "https", Wire.TCP))
                .isInstanceOf(CliException.class)
                .hasMessage("team/back names no port https");
    }

    @Test
    void aPodReachesItself() {
        Answer answer = trace("front", "1", Wire.TCP);

        assertThat(answer.passes()).isTrue();
        assertThat(answer.steps())
                .singleElement()
                .extracting(NetTrace.Step::by)
                .isEqualTo("a pod reaches itself");
    }

    @Test
    void theAddressOfInstanceMetadataIsDead() {
        Answer answer = trace("169.254.169.254", "80", Wire.TCP);

        assertThat(answer.passes()).isFalse();
        assertThat(answer.summary()).contains("169.254.0.0/16 is dead in every VPC");
    }

    @Test
    void whatLeavesTheVpcIsTranslated() {
        Answer answer = trace("203.0.113.7", "443", Wire.TCP);

        assertThat(answer.passes()).isTrue();
        assertThat(answer.steps())
                .last()
                .extracting(NetTrace.Step::by)
                .asString()
                .contains("NAT gateway");
    }

    @Test
    void followsAServiceToItsReadyEndpointsByNameOrAddress() {
        serveBack();

        for (String target : new String[] {"svc/web", "svc/team/web", "10.100.0.7"}) {
            Answer answer = trace(target, "80", Wire.TCP);

            assertThat(answer.passes()).as(target).isTrue();
            assertThat(answer.steps())
                    .first()
                    .extracting(NetTrace.Step::packet)
                    .isEqualTo("10.100.0.7:80 → 192.168.96.11:8080");
        }
    }

    @Test
    void aServiceWithoutReadyEndpointsDrops() {
        serveBack();
        slices.clear();

        assertThat(trace("svc/web", "80", Wire.TCP))
                .isEqualTo(
                        new Answer(
                                false,
                                "dropped: the Service has no ready endpoint for the pod",
                                List.of()));
    }

    @Test
    void aLocalServiceAnswersNobodyElse() {
        serveBack();
        services.getFirst().getSpec().setInternalTrafficPolicy("Local");

        assertThat(trace("svc/web", "80", Wire.TCP).passes()).isFalse();
    }

    @Test
    void anEndpointOfThePodsZoneIsTheOnlyOne() {
        serveBack();
        var endpoints = slices.getFirst().getEndpoints();
        endpoints.get(1).getConditions().setReady(true);
        endpoints.get(0).setHints(hints("ra"));
        endpoints.get(1).setHints(hints("rb"));

        assertThat(trace("svc/web", "80", Wire.TCP).steps())
                .filteredOn(step -> step.step().equals("Service"))
                .singleElement()
                .satisfies(step -> {
                    assertThat(step.packet()).endsWith("192.168.96.11:8080");
                    assertThat(step.by()).startsWith("for the pod's Node or zone");
                });
    }

    private static EndpointHints hints(String zone) {
        return new EndpointHintsBuilder().addNewForZone(zone).build();
    }

    @Test
    void namesAPortThatTheServiceHasNot() {
        serveBack();

        assertThatThrownBy(() -> trace("svc/web", "81", Wire.TCP))
                .hasMessage("Service team/web has no tcp port 81");
        assertThatThrownBy(() -> trace("svc/web", "80", Wire.UDP))
                .hasMessage("Service team/web has no udp port 80");
    }

    @Test
    void aPolicyThatSelectsThePodDropsWhatItDoesNotName() {
        policies.add(
                Serialization.unmarshal(
                        """
                        apiVersion: networking.k8s.io/v1
                        kind: NetworkPolicy
                        metadata: {name: closed, namespace: team}
                        spec: {podSelector: {}, policyTypes: [Ingress]}
                        """,
                        NetworkPolicy.class));
        Answer answer = trace("back", "8080", Wire.TCP);

        assertThat(answer.passes()).isFalse();
        assertThat(answer.summary()).contains("closed");
    }

    @ParameterizedTest
    @ValueSource(strings = {"nobody", "other/back"})
    void refusesATargetThatIsNoPodAndProposesAService(String target) {
        assertThatThrownBy(() -> trace(target, "80", Wire.TCP))
                .isInstanceOfSatisfying(
                        CliException.class,
                        failure -> assertThat(failure.fix()).startsWith("for a Service: svc/"));
    }

    @Test
    void refusesAProtocolThatIsNone() {
        assertThat(Wire.parse("TcP")).isEqualTo(Wire.TCP);
        assertThatThrownBy(() -> Wire.parse("http"))
                .hasMessage("protocol http: it is one of tcp, udp, sctp, icmp");
    }

    private Answer trace(String target, String port, Wire wire) {
        var objects =
                new NetworkObjects(
                        List.of(
                                read(
                                        "Vpc",
                                        "main",
                                        "{cidrs: [192.168.0.0/16], region: r}",
                                        Vpc.class)),
                        List.of(
                                read(
                                        "Subnet",
                                        "private-a",
                                        "{vpc: main, cidr: 192.168.96.0/19, zone: ra, routes: [{destination: 0.0.0.0/0, target: nat}]}",
                                        Subnet.class)),
                        List.of(
                                read(
                                        "SecurityGroup",
                                        "sg-front",
                                        "{vpc: main, egress: [{protocol: '-1', cidr: 0.0.0.0/0}]}",
                                        SecurityGroup.class),
                                read(
                                        "SecurityGroup",
                                        "sg-back",
                                        "{vpc: main, ingress: [{protocol: tcp, fromPort: 8080, group: sg-front}]}",
                                        SecurityGroup.class)),
                        List.of(),
                        policies,
                        List.of(
                                Serialization.unmarshal(
                                        "apiVersion: v1\nkind: Namespace\nmetadata: {name: team}\n",
                                        Namespace.class)),
                        List.of(machine("front", 10), machine("back", 11)),
                        List.of(
                                pod("front", "[]"),
                                pod("back", "[{name: http, containerPort: 8080}]")),
                        List.of(),
                        List.of());
        return new NetTrace(new NetReads(objects, services, slices))
                .trace(
                        new NetTrace.Question(
                                new NetEnd.OfPod("team", "front"),
                                NetEnd.parse(target, "team"),
                                port,
                                wire));
    }

    private void serveBack() {
        services.add(
                Serialization.unmarshal(
                        """
                        apiVersion: v1
                        kind: Service
                        metadata: {name: web, namespace: team}
                        spec: {clusterIP: 10.100.0.7, ports: [{name: w, port: 80, protocol: TCP}]}
                        """,
                        Service.class));
        slices.add(
                Serialization.unmarshal(
                        """
                        apiVersion: discovery.k8s.io/v1
                        kind: EndpointSlice
                        metadata: {name: web-1, namespace: team, labels: {kubernetes.io/service-name: web}}
                        addressType: IPv4
                        ports: [{name: w, port: 8080, protocol: TCP}]
                        endpoints:
                        - {addresses: [192.168.96.11], conditions: {ready: true}}
                        - {addresses: [192.168.96.12], conditions: {ready: false}}
                        """,
                        EndpointSlice.class));
    }

    private static Machine machine(String pod, int host) {
        return read(
                "Machine",
                "m-" + pod,
                """
                {host: one, pod: {namespace: team, name: %1$s, uid: u-%1$s}, nodeName: n, profile: p,
                 network: {vpc: main, subnet: private-a, zone: ra, address: 192.168.96.%2$d, gateway: 192.168.96.1, mac: m, securityGroups: [sg-%1$s]}}\
                """
                        .formatted(pod, host),
                Machine.class);
    }

    private static Pod pod(String name, String ports) {
        return Serialization.unmarshal(
                """
                apiVersion: v1
                kind: Pod
                metadata: {name: %1$s, namespace: team, uid: u-%1$s}
                spec: {containers: [{name: c, ports: %2$s}]}
                """
                        .formatted(name, ports),
                Pod.class);
    }

    private static <T> T read(String kind, String name, String spec, Class<T> type) {
        return Serialization.unmarshal(
                "apiVersion: monopod.dev/v1\nkind: %s\nmetadata: {name: %s}\nspec: %s\n"
                        .formatted(kind, name, spec),
                type);
    }
}
