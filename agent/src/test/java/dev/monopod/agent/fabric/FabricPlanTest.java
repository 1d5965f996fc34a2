package dev.monopod.agent.fabric;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.host.network.Fabric;
import dev.monopod.host.network.Fabric.Peer;
import dev.monopod.host.network.Underlay;
import dev.monopod.kube.api.Host;
import dev.monopod.kube.api.HostStatus;
import dev.monopod.kube.api.Machine;
import dev.monopod.kube.api.MachineSpec;
import dev.monopod.kube.api.Vpc;
import dev.monopod.kube.api.VpcSpec;
import dev.monopod.kube.host.Addresses;
import dev.monopod.kube.mapping.NetworkObjects;
import dev.monopod.loadbalancing.objects.AddressOwners;
import dev.monopod.loadbalancing.rules.Owner;
import io.fabric8.kubernetes.api.model.networking.v1.IPAddress;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class FabricPlanTest {
    private static final Underlay SELF = new Underlay("198.51.100.1", 1500);

    private final FabricPlan plan = new FabricPlan("one", SELF);
    private final List<Host> hosts =
            List.of(
                    host("one", "192.168.0.4", "198.51.100.1"),
                    host("two", "192.168.0.5", "198.51.100.2"));

    @Test
    void routesWhatOtherHostsCarry() {
        var fabrics =
                plan.of(
                        objects(
                                hosts,
                                machine("one", "default", "192.168.96.10"),
                                machine("two", "default", "192.168.96.11"),
                                machine("two", "default", "192.168.128.4")),
                        List.of());

        assertThat(fabrics)
                .containsExactly(
                        new Fabric(
                                "default",
                                SELF,
                                "192.168.0.1",
                                List.of(
                                        new Peer(
                                                "198.51.100.2",
                                                Set.of(
                                                        "192.168.0.5",
                                                        "192.168.96.11",
                                                        "192.168.128.4")))));
    }

    @Test
    void routesLoadBalancersToTheHostThatServesThem() {
        var owner = new Owner(Owner.Kind.SERVICE, "web", "front");

        assertThat(
                        peer(
                                objects(hosts),
                                Addresses.object(
                                        "192.168.16.2", AddressOwners.parent(owner), "two"),
                                Addresses.object(
                                        "192.168.16.3", AddressOwners.parent(owner), "one")))
                .isEqualTo(new Peer("198.51.100.2", Set.of("192.168.0.5", "192.168.16.2")));
    }

    /// Its old host may still have the old pod; nobody is routed to it, nor hears of it.
    @Test
    void keepsAnAddressThatIsHereFromAnotherHost() {
        assertThat(
                        peer(objects(
                                        hosts,
                                        machine("two", "default", "192.168.96.10"),
                                        machine("one", "default", "192.168.96.10")))
                                .addresses())
                .containsExactly("192.168.0.5");
    }

    @Test
    void leavesOutAddressesOfOtherVpcs() {
        assertThat(peer(objects(hosts, machine("two", "other", "10.9.0.10"))).addresses())
                .containsExactly("192.168.0.5");
    }

    @Test
    void hasNoPeerWithoutAnUnderlayAddressNorItself() {
        var silent = host("silent", "192.168.0.6", null);
        var twin = host("twin", "192.168.0.7", "198.51.100.1");
        var fresh = new Host();
        fresh.getMetadata().setName("fresh");

        assertThat(plan.of(objects(List.of(silent, twin, fresh)), List.of()).getFirst().peers())
                .isEmpty();
    }

    private Peer peer(NetworkObjects objects, IPAddress... addresses) {
        return plan.of(objects, List.of(addresses)).getFirst().peers().getFirst();
    }

    private static NetworkObjects objects(List<Host> hosts, Machine... machines) {
        var vpc = new Vpc();
        vpc.getMetadata().setName("default");
        vpc.setSpec(new VpcSpec(List.of("192.168.0.0/16"), "us-west-2", null, null));
        return new NetworkObjects(
                List.of(vpc),
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                List.of(machines),
                List.of(),
                hosts,
                List.of());
    }

    private static Host host(
            String name, String address, @org.jspecify.annotations.Nullable String underlay) {
        var host = new Host();
        host.getMetadata().setName(name);
        host.setStatus(
                new HostStatus(
                        null, null, null, null, address, underlay, null, null, null, null, null));
        return host;
    }

    private static Machine machine(String host, String vpc, String address) {
        var machine = new Machine();
        machine.getMetadata().setName("m-" + address);
        machine.setSpec(
                new MachineSpec(
                        host,
                        new MachineSpec.PodReference("default", "pod", "uid"),
                        "node",
                        "profile",
                        new MachineSpec.Size(250, 512, 1024),
                        new MachineSpec.Interface(
                                vpc,
                                "private-a",
                                "us-west-2a",
                                address,
                                "192.168.96.1",
                                "02:00:00:00:00:01")));
        return machine;
    }
}
