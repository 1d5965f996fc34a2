package dev.monopod.controller.network;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.kube.api.Machine;
import dev.monopod.kube.api.MachineSpec;
import dev.monopod.kube.api.SecurityGroup;
import dev.monopod.kube.api.Subnet;
import dev.monopod.kube.api.Vpc;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class NetworkUsesTest {
    private static final Vpc VPC =
            read("Vpc", "main", "{cidrs: [192.168.0.0/24], region: r}", Vpc.class);
    private static final Subnet SUBNET =
            read("Subnet", "a", "{vpc: main, cidr: 192.168.0.0/28, zone: z}", Subnet.class);
    private static final SecurityGroup CLUSTER =
            read("SecurityGroup", "sg-cluster-main", "{vpc: main}", SecurityGroup.class);
    private static final SecurityGroup WEB =
            read(
                    "SecurityGroup",
                    "web",
                    "{vpc: main, ingress: [{protocol: tcp, group: db}]}",
                    SecurityGroup.class);
    private static final SecurityGroup DATABASE =
            read("SecurityGroup", "db", "{vpc: main}", SecurityGroup.class);

    @Test
    void countsTheFreeAddressesOfASubnet() {
        // 16, less five reserved, less the host's, less one machine's.
        assertThat(uses(machine(null)).free(SUBNET)).isEqualTo(9);
    }

    @Test
    void namesWhatHoldsASubnetAndAVpc() {
        var uses = uses(machine(null));
        assertThat(uses.of(SUBNET)).containsExactly("pod shop/web");
        assertThat(uses.of(VPC))
                .containsExactly(
                        "subnet a", "security group web", "security group db", "pod shop/web");
    }

    @Test
    void aSecurityGroupIsHeldByMachinesOtherGroupsAndItsVpc() {
        var uses = uses(machine(List.of("web")));
        assertThat(uses.of(WEB)).containsExactly("pod shop/web");
        assertThat(uses.of(DATABASE)).containsExactly("security group web");
        assertThat(uses.of(CLUSTER))
                .containsExactly("VPC main, whose cluster security group it is");
        assertThat(uses.machinesWith(WEB)).isEqualTo(1);
        assertThat(uses(machine(null)).machinesWith(CLUSTER)).isEqualTo(1);
    }

    @Test
    void saysOfManyUsersHowManyThereAre() {
        assertThat(NetworkUses.held(List.of("a", "b", "c", "d", "e")))
                .isEqualTo("in use by a, b, c and 2 more");
    }

    private static NetworkUses uses(Machine machine) {
        return new NetworkUses(
                List.of(VPC),
                List.of(SUBNET),
                List.of(CLUSTER, WEB, DATABASE),
                List.of(),
                List.of(),
                List.of(machine));
    }

    private static Machine machine(@Nullable List<String> groups) {
        var machine = new Machine();
        machine.setSpec(
                new MachineSpec(
                        "host",
                        new MachineSpec.PodReference("shop", "web", "u"),
                        "node",
                        "p",
                        new MachineSpec.Size(250, 512, 20_480),
                        new MachineSpec.Interface(
                                "main", "a", "z", "192.168.0.5", "192.168.0.1", "02::", groups)));
        return machine;
    }

    private static <T extends HasMetadata> T read(
            String kind, String name, String spec, Class<T> type) {
        return Serialization.unmarshal(
                "---\n{apiVersion: monopod.dev/v1, kind: %s, metadata: {name: %s}, spec: %s}"
                        .formatted(kind, name, spec),
                type);
    }
}
