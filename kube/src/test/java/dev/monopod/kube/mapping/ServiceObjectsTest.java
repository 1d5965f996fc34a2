package dev.monopod.kube.mapping;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.kube.api.Machine;
import dev.monopod.kube.api.MachineSpec;
import dev.monopod.kube.api.Subnet;
import dev.monopod.kube.api.SubnetSpec;
import dev.monopod.model.network.Cidr;
import dev.monopod.model.network.ServiceViews.Back;
import dev.monopod.model.network.ServiceViews.Choice;
import dev.monopod.model.network.ServiceViews.Front;
import dev.monopod.model.network.ServiceViews.View;
import dev.monopod.model.network.Spans;
import dev.monopod.model.network.Traffic.Protocol;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.Endpoint;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSliceBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.ForNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// From Services and EndpointSlices to what the pods of host `one` see.
final class ServiceObjectsTest {
    private static final Front WEB = new Front("10.100.0.5", Protocol.TCP, 80);
    private static final Spans ZONE_A = range("192.168.0.0/18");
    private static final Spans ZONE_B = range("192.168.64.0/18");

    private final List<Service> services = new ArrayList<>();
    private final List<EndpointSlice> slices = new ArrayList<>();

    @Test
    void aZonesPodsSeeTheEndpointsOfTheirZone() {
        services.add(service("shop", "web", "10.100.0.5"));
        slices.add(
                slice(
                        "shop",
                        "web",
                        8080,
                        endpoint("192.168.0.10", "n1", "zone-a"),
                        endpoint("192.168.64.10", "n2", "zone-b")));

        assertThat(answer().views().views())
                .containsExactly(
                        Map.entry(
                                WEB,
                                new View(
                                        0,
                                        List.of(
                                                choice(ZONE_A, "192.168.0.10"),
                                                choice(ZONE_B, "192.168.64.10")))));
    }

    @Test
    void whereAllSeeTheSameKubeProxyServes() {
        services.add(service("shop", "plain", "10.100.0.6"));
        slices.add(
                slice(
                        "shop",
                        "plain",
                        8080,
                        endpoint("192.168.0.10", "n1"),
                        endpoint("192.168.64.10", "n2")));
        services.add(service("shop", "web", "10.100.0.5"));
        slices.add(
                slice(
                        "shop",
                        "web",
                        8080,
                        endpoint("192.168.0.10", "n1", "zone-a"),
                        endpoint("192.168.0.11", "n2", "zone-a")));
        services.add(service("shop", "empty", "10.100.0.7"));

        assertThat(answer().views().views()).isEmpty();
    }

    @Test
    void ofALocalServiceThePodsOfThisHostSeeThemselvesAndNobodyElse() {
        var service = service("shop", "web", "10.100.0.5");
        service.getSpec().setInternalTrafficPolicy("Local");
        services.add(service);
        slices.add(
                slice(
                        "shop",
                        "web",
                        8080,
                        endpoint("192.168.0.10", "here"),
                        endpoint("192.168.64.10", "elsewhere")));

        assertThat(answer().views().views())
                .containsExactly(
                        Map.entry(
                                WEB,
                                new View(
                                        0,
                                        List.of(
                                                choice(
                                                        range("192.168.0.10/32"),
                                                        "192.168.0.10")))));
    }

    @Test
    void aPodThatIsNearestToItselfComesBeforeItsZone() {
        services.add(service("shop", "web", "10.100.0.5"));
        var own = endpoint("192.168.0.10", "here", "zone-a");
        own.getHints().setForNodes(List.of(new ForNode("here")));
        var other = endpoint("192.168.0.11", "elsewhere", "zone-a");
        other.getHints().setForNodes(List.of(new ForNode("elsewhere")));
        var far = endpoint("192.168.64.10", "far", "zone-b");
        far.getHints().setForNodes(List.of(new ForNode("far")));
        slices.add(slice("shop", "web", 8080, own, other, far));

        assertThat(answer().views().views().get(WEB).choices())
                .containsExactly(
                        choice(range("192.168.0.10/32"), "192.168.0.10"),
                        choice(ZONE_A, "192.168.0.10", "192.168.0.11"),
                        choice(ZONE_B, "192.168.64.10"));
    }

    @Test
    void affinityIsTheServicesAndThreeHoursWhereItSaysNoTime() {
        var service = service("shop", "web", "10.100.0.5");
        service.getSpec().setSessionAffinity("ClientIP");
        services.add(service);
        slices.add(
                slice(
                        "shop",
                        "web",
                        8080,
                        endpoint("192.168.0.10", "n1", "zone-a"),
                        endpoint("192.168.64.10", "n2", "zone-b")));

        assertThat(answer().views().views().get(WEB).affinitySeconds()).isEqualTo(10_800);
    }

    @Test
    void allEndpointsOfUdpThatAnswerAreKnown() {
        var service = service("shop", "dns", "10.100.0.5");
        service.getSpec().getPorts().getFirst().setProtocol("UDP");
        services.add(service);
        var draining = endpoint("192.168.0.11", "n2");
        draining.getConditions().setReady(false);
        draining.getConditions().setServing(true);
        draining.getConditions().setTerminating(true);
        var gone = endpoint("192.168.0.12", "n3");
        gone.getConditions().setReady(false);
        gone.getConditions().setServing(false);
        gone.getConditions().setTerminating(true);
        var slice = slice("shop", "dns", 53, endpoint("192.168.0.10", "n1"), draining, gone);
        slice.getPorts().getFirst().setProtocol("UDP");
        slices.add(slice);

        var views = answer().views();

        assertThat(views.views()).isEmpty();
        assertThat(views.datagrams())
                .containsExactly(
                        Map.entry(
                                new Front("10.100.0.5", Protocol.UDP, 80),
                                Set.of(
                                        new Back("192.168.0.10", 53),
                                        new Back("192.168.0.11", 53))));
    }

    @Test
    void whatKubeProxyPassesOverIsPassedOver() {
        var other = service("shop", "other", "10.100.0.6");
        other.getMetadata().setLabels(Map.of("service.kubernetes.io/service-proxy-name", "mine"));
        var headless = service("shop", "headless", "None");
        var external = service("shop", "external", "10.100.0.8");
        external.getSpec().setType("ExternalName");
        for (var service : List.of(other, headless, external)) {
            services.add(service);
            slices.add(
                    slice(
                            "shop",
                            service.getMetadata().getName(),
                            8080,
                            endpoint("192.168.0.10", "n1", "zone-a"),
                            endpoint("192.168.64.10", "n2", "zone-b")));
        }
        services.add(service("shop", "six", "10.100.0.9"));
        var six =
                slice(
                        "shop",
                        "six",
                        8080,
                        endpoint("fd00::1", "n1", "zone-a"),
                        endpoint("fd00::2", "n2", "zone-b"));
        six.setAddressType("IPv6");
        slices.add(six);

        assertThat(answer().views().views()).isEmpty();
    }

    @Test
    void oneThatCantBeReadIsKubeProxysAndTheOthersAreServed() {
        services.add(service("mallory", "bad", "10.100.0.6"));
        slices.add(
                slice(
                        "mallory",
                        "bad",
                        8080,
                        endpoint("192.168.0.10; drop", "n1", "zone-a"),
                        endpoint("192.168.64.10", "n2", "zone-b")));
        services.add(service("mallory", "large", "10.100.0.7"));
        slices.add(
                slice(
                        "mallory",
                        "large",
                        70_000,
                        endpoint("192.168.0.10", "n1", "zone-a"),
                        endpoint("192.168.64.10", "n2", "zone-b")));
        services.add(service("shop", "web", "10.100.0.5"));
        slices.add(
                slice(
                        "shop",
                        "web",
                        8080,
                        endpoint("192.168.0.10", "n1", "zone-a"),
                        endpoint("192.168.64.10", "n2", "zone-b")));

        assertThat(answer().views().views()).containsOnlyKeys(WEB);
    }

    @Test
    void aNamespaceWithTooManyEndpointsLosesChoicesAndIsTold() {
        services.add(service("mallory", "huge", "10.100.0.6"));
        for (int number = 0; number <= ServiceObjects.MOST_ENDPOINTS / 1_000; number++) {
            slices.add(
                    slice(
                            "mallory",
                            "huge",
                            8080,
                            Collections.nCopies(1_000, endpoint("192.168.0.10", "n1", "zone-a"))
                                    .toArray(Endpoint[]::new)));
        }
        services.add(service("mallory", "small", "10.100.0.7"));
        slices.add(
                slice(
                        "mallory",
                        "small",
                        8080,
                        endpoint("192.168.0.10", "n1", "zone-a"),
                        endpoint("192.168.64.10", "n2", "zone-b")));
        services.add(service("shop", "web", "10.100.0.5"));
        slices.add(
                slice(
                        "shop",
                        "web",
                        8080,
                        endpoint("192.168.0.10", "n1", "zone-a"),
                        endpoint("192.168.64.10", "n2", "zone-b")));

        var answer = answer();

        assertThat(answer.views().views())
                .containsOnlyKeys(WEB, new Front("10.100.0.7", Protocol.TCP, 80));
        assertThat(answer.unserved().values())
                .singleElement()
                .asString()
                .contains("namespace mallory", "more than 5000 endpoints", "those of huge");
    }

    private ServiceObjects.Answer answer() {
        return new ServiceObjects(services, slices).views(clients());
    }

    private static ServiceClients clients() {
        var network =
                new NetworkObjects(
                        List.of(),
                        List.of(
                                subnet("a", "zone-a", "192.168.0.0/19"),
                                subnet("a2", "zone-a", "192.168.32.0/19"),
                                subnet("b", "zone-b", "192.168.64.0/18")),
                        List.of(),
                        List.of(),
                        List.of(),
                        List.of(),
                        List.of(
                                machine("one", "here", "192.168.0.10"),
                                machine("two", "elsewhere", "192.168.64.10")),
                        List.of(),
                        List.of(),
                        List.of());
        return ServiceClients.of(network, "default", "one");
    }

    private static Subnet subnet(String name, String zone, String cidr) {
        var subnet = new Subnet();
        subnet.setMetadata(new ObjectMetaBuilder().withName(name).build());
        subnet.setSpec(new SubnetSpec("default", cidr, zone, null, null, null));
        return subnet;
    }

    private static Machine machine(String host, String node, String address) {
        var machine = new Machine();
        machine.setMetadata(new ObjectMetaBuilder().withName(node).build());
        machine.setSpec(
                new MachineSpec(
                        host,
                        new MachineSpec.PodReference("shop", node, node),
                        node,
                        "profile",
                        new MachineSpec.Size(250, 512, 20_480),
                        new MachineSpec.Interface(
                                "default",
                                "a",
                                "zone-a",
                                address,
                                "192.168.0.1",
                                "02:00:00:00:00:01")));
        return machine;
    }

    private static Service service(String namespace, String name, String address) {
        return new ServiceBuilder()
                .withNewMetadata()
                .withNamespace(namespace)
                .withName(name)
                .endMetadata()
                .withNewSpec()
                .withClusterIP(address)
                .withClusterIPs(address)
                .withInternalTrafficPolicy("Cluster")
                .addNewPort()
                .withName("main")
                .withProtocol("TCP")
                .withPort(80)
                .endPort()
                .endSpec()
                .build();
    }

    private static EndpointSlice slice(
            String namespace, String service, int port, Endpoint... endpoints) {
        return new EndpointSliceBuilder()
                .withNewMetadata()
                .withNamespace(namespace)
                .withName(service + "-x")
                .addToLabels("kubernetes.io/service-name", service)
                .endMetadata()
                .withAddressType("IPv4")
                .addNewPort()
                .withName("main")
                .withProtocol("TCP")
                .withPort(port)
                .endPort()
                .withEndpoints(endpoints)
                .build();
    }

    private static Endpoint endpoint(String address, String node, String... zones) {
        var endpoint =
                new EndpointBuilder()
                        .withAddresses(address)
                        .withNodeName(node)
                        .withNewConditions()
                        .withReady(true)
                        .endConditions();
        if (zones.length > 0) {
            endpoint.withNewHints().addNewForZone(zones[0]).endHints();
        }
        return endpoint.build();
    }

    private static Choice choice(Spans clients, String... backs) {
        var all = new ArrayList<Back>();
        for (var back : backs) {
            all.add(new Back(back, 8080));
        }
        return new Choice(clients, all);
    }

    private static Spans range(String range) {
        return Spans.covering(List.of(Cidr.parse(range)));
    }
}
