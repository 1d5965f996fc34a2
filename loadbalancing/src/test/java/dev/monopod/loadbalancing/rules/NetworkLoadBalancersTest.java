package dev.monopod.loadbalancing.rules;

import static dev.monopod.loadbalancing.rules.FixedInventory.service;
import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.loadbalancing.rules.Backend.Behaviour;
import dev.monopod.loadbalancing.rules.Target.State;
import io.fabric8.kubernetes.api.model.Service;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// Row F5: a Network Load Balancer has IP targets only.
final class NetworkLoadBalancersTest {
    private static final String TYPE = NetworkLoadBalancers.PREFIX + "type";
    private static final String TARGET = NetworkLoadBalancers.PREFIX + "nlb-target-type";
    private static final Map<String, String> IP = Map.of(TYPE, "external", TARGET, "ip");

    private final FixedInventory inventory = new FixedInventory();

    private Outcome<NetworkLoadBalancers.Plan> judge(Service service) {
        return new NetworkLoadBalancers(inventory, List.of("192.168.0.0/16"), new LastGood<>())
                .of(service, "192.168.16.1");
    }

    private LoadBalancer accepted(Service service) {
        var outcome = judge(service);
        assertThat(outcome).isInstanceOf(Outcome.Accepted.class);
        return ((Outcome.Accepted<NetworkLoadBalancers.Plan>) outcome)
                .value()
                .balancer()
                .orElseThrow();
    }

    private String refused(Service service) {
        var outcome = judge(service);
        assertThat(outcome).isInstanceOf(Outcome.Refused.class);
        return ((Outcome.Refused<NetworkLoadBalancers.Plan>) outcome).message();
    }

    @Test
    void refusesInstanceTargetsNamingAnnotationAndRemedy() {
        assertThat(
                        refused(
                                service(
                                        "web",
                                        "LoadBalancer",
                                        Map.of(TYPE, "external", TARGET, "instance"))))
                .contains(
                        TARGET + ": instance is not supported",
                        "set the annotations",
                        TARGET + ": ip");
    }

    @Test
    void refusesTheDefaultOfEksWhichHasInstanceTargets() {
        assertThat(refused(service("web", "LoadBalancer", Map.of())))
                .contains("instance targets", TYPE + ": external");
        assertThat(refused(service("web", "LoadBalancer", Map.of(TYPE, "external"))))
                .contains(TARGET + " is missing");
        assertThat(refused(service("web", "LoadBalancer", Map.of(TYPE, "nlb"))))
                .contains(TYPE + ": nlb means instance targets");
    }

    @Test
    void takesEachOfTheThreeWaysToAskForIpTargets() {
        var byClass = service("web", "LoadBalancer", Map.of());
        byClass.getSpec().setLoadBalancerClass(NetworkLoadBalancers.CLASS);

        assertThat(accepted(byClass).listeners()).hasSize(1);
        assertThat(accepted(service("web", "LoadBalancer", IP)).listeners()).hasSize(1);
        assertThat(accepted(service("web", "LoadBalancer", Map.of(TYPE, "nlb-ip"))).listeners())
                .hasSize(1);
    }

    @Test
    void leavesOtherClassesAndTypesAlone() {
        var other = service("web", "LoadBalancer", Map.of());
        other.getSpec().setLoadBalancerClass("example.com/other");

        assertThat(judge(other)).isInstanceOf(Outcome.Foreign.class);
        assertThat(judge(service("web", "ClusterIP", IP))).isInstanceOf(Outcome.Foreign.class);
    }

    @Test
    void refusesProtocolsOtherThanTcp() {
        var udp = service("dns", "LoadBalancer", IP);
        udp.getSpec().getPorts().getFirst().setProtocol("UDP");

        assertThat(refused(udp)).contains("port 80 has protocol UDP");
    }

    @Test
    void sendsToPodsOnlyAndDrainsThoseThatTerminate() {
        inventory
                .endpoint("web", "192.168.96.4", true, false, "Pod")
                .endpoint("web", "192.168.96.5", false, true, "Pod")
                .endpoint("web", "192.168.96.6", false, false, "Pod")
                .endpoint("web", "10.0.0.1", true, false, "Node");

        var targets = accepted(service("web", "LoadBalancer", IP)).backends().getFirst().targets();

        assertThat(targets)
                .containsExactly(
                        new Target("192.168.96.4", 8080, 1, State.READY),
                        new Target("192.168.96.5", 8080, 1, State.DRAINING));
    }

    @Test
    void sendsToAPodThatWaitsOnlyForTheLoadBalancer() {
        inventory.endpoint("web", "192.168.96.6", false, false, "Pod").gatedPod("192.168.96.6");

        var targets = accepted(service("web", "LoadBalancer", IP)).backends().getFirst().targets();

        assertThat(targets).containsExactly(new Target("192.168.96.6", 8080, 1, State.READY));
    }

    @Test
    void answersItsVpcOnlyUnlessItFacesTheInternet() {
        var internet =
                service(
                        "web",
                        "LoadBalancer",
                        Map.of(
                                TYPE,
                                "nlb-ip",
                                NetworkLoadBalancers.PREFIX + "scheme",
                                "internet-facing"));
        var narrowed = service("web", "LoadBalancer", IP);
        narrowed.getSpec().setLoadBalancerSourceRanges(List.of("192.168.96.0/19", "10.0.0.0/8"));

        assertThat(accepted(service("web", "LoadBalancer", IP)).listeners().getFirst().sources())
                .containsExactly("192.168.0.0/16");
        assertThat(accepted(internet).listeners().getFirst().sources()).isEmpty();
        assertThat(accepted(narrowed).listeners().getFirst().sources())
                .containsExactly("192.168.96.0/19");
    }

    @Test
    void namesTheAnnotationThatCannotBeRead() {
        var outcome =
                judge(
                        service(
                                "web",
                                "LoadBalancer",
                                Map.of(
                                        TYPE,
                                        "nlb-ip",
                                        NetworkLoadBalancers.PREFIX + "healthcheck-interval",
                                        "soon")));

        var plan = ((Outcome.Accepted<NetworkLoadBalancers.Plan>) outcome).value();
        assertThat(plan.balancer()).isEmpty();
        assertThat(plan.problem().orElseThrow())
                .contains("healthcheck-interval: \"soon\" is not a number from 1 to 300");
    }

    @Test
    void readsHealthCheckDrainAndProxyProtocol() {
        var prefix = NetworkLoadBalancers.PREFIX;
        var service =
                service(
                        "web",
                        "LoadBalancer",
                        Map.of(
                                TYPE,
                                "nlb-ip",
                                prefix + "healthcheck-protocol",
                                "http",
                                prefix + "healthcheck-path",
                                "/ready",
                                prefix + "healthcheck-interval",
                                "5",
                                prefix + "target-group-attributes",
                                "deregistration_delay.timeout_seconds=7,proxy_protocol_v2.enabled=true"));

        var pool = (Behaviour.Pool) accepted(service).backends().getFirst().behaviour();

        assertThat(pool.check().path()).isEqualTo("/ready");
        assertThat(pool.check().intervalSeconds()).isEqualTo(5);
        assertThat(pool.drainSeconds()).isEqualTo(7);
        assertThat(pool.transport().proxyProtocol()).isEqualTo(Backend.ProxyProtocol.VERSION_2);
    }
}
