package dev.monopod.controller.machine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.controller.crd.CrdInstaller;
import dev.monopod.controller.node.FargateNode;
import dev.monopod.kube.api.Machine;
import dev.monopod.kube.api.MachineStatus;
import dev.monopod.kube.client.Patches;
import dev.monopod.model.loop.Loops;
import dev.monopod.model.names.Names;
import dev.monopod.testkit.api.ApiServer;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/// What becomes of the Node of completed pods, on a real API server.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class RestingNodesIT {
    private final Loops loops = new Loops(Clock.systemUTC(), new Random());
    private ApiServer apiServer;
    private KubernetesClient client;

    @BeforeAll
    void start() throws IOException, InterruptedException {
        var binary = ApiServer.binary();
        Assumptions.assumeTrue(Files.isExecutable(binary), "no " + binary);
        apiServer = ApiServer.start(binary);
        client = apiServer.client();
        new CrdInstaller(client).install(Duration.ofSeconds(30));
        create("{apiVersion: v1, kind: Namespace, metadata: {name: shop}}");
        create(
                "{apiVersion: v1, kind: ServiceAccount, metadata: {name: default, namespace: shop}}");
    }

    @AfterAll
    void stop() {
        if (client != null) {
            client.close();
        }
        if (apiServer != null) {
            apiServer.close();
        }
    }

    @Test
    void letsTheNodeOfACompletedPodRestAndGivesItsAddressBack() {
        var pod = pod("done", "fargate-ip-10-0-0-5", "Succeeded");
        var machine = machine(pod, "fargate-ip-10-0-0-5", MachineStatus.Phase.Stopped);
        var node = node(machine);
        lease(machine);

        nodes(List.of(machine)).sweep();

        var rests = client.resource(node).get();
        assertThat(FargateNode.isResting(rests)).isTrue();
        assertThat(rests.getSpec().getUnschedulable()).isTrue();
        assertThat(rests.getMetadata().getLabels())
                .containsKey("node.kubernetes.io/exclude-disruption");
        assertThat(rests.getStatus().getAllocatable().get("pods").getAmount()).isEqualTo("0");
        assertThat(rests.getStatus().getConditions())
                .extracting(it -> it.getType() + " " + it.getStatus() + " " + it.getReason())
                .contains("Ready Unknown PodCompleted");
        assertThat(rests.getStatus().getAddresses()).isNotEmpty();
        assertThat(client.resource(pod).get().getSpec().getTolerations())
                .filteredOn(it -> "NoExecute".equals(it.getEffect()))
                .hasSize(2)
                .allMatch(it -> it.getTolerationSeconds() == null);
        assertThat(leaseOf("fargate-ip-10-0-0-5")).isNull();
    }

    /// Its pod would be deleted when its Node falls silent.
    @Test
    void leavesTheLeaseOfAPodWhoseEndIsNotToldYet() {
        var pod = pod("untold", "fargate-ip-10-0-0-6", "Running");
        var machine = machine(pod, "fargate-ip-10-0-0-6", MachineStatus.Phase.Stopped);
        var node = node(machine);
        lease(machine);

        nodes(List.of(machine)).sweep();

        assertThat(FargateNode.isResting(client.resource(node).get())).isFalse();
        assertThat(leaseOf("fargate-ip-10-0-0-6")).isNotNull();
    }

    @Test
    void leavesTheNodeAndTheLeaseOfTheNextMachineOfTheAddress() {
        var pod = pod("first", "fargate-ip-10-0-0-7", "Succeeded");
        var machine = machine(pod, "fargate-ip-10-0-0-7", MachineStatus.Phase.Stopped);
        var other = pod("second", "fargate-ip-10-0-0-7", "Running");
        var next = machine(other, "fargate-ip-10-0-0-7", MachineStatus.Phase.Running);
        var node = node(next);
        lease(next);

        // The watch lags, then it does not.
        nodes(List.of(machine)).sweep();
        nodes(List.of(machine, next)).sweep();

        assertThat(FargateNode.isResting(client.resource(node).get())).isFalse();
        assertThat(leaseOf("fargate-ip-10-0-0-7")).isNotNull();
    }

    /// The machine that the Node stood for has gone, and an earlier one's pod is still here.
    @Test
    void letsTheNodeRestAgainWhenTheLastMachineOfTheAddressHasGone() {
        var pod = pod("earlier", "fargate-ip-10-0-0-8", "Failed");
        var machine = machine(pod, "fargate-ip-10-0-0-8", MachineStatus.Phase.Failed);
        var gone = pod("later", "fargate-ip-10-0-0-8", "Running");
        var next = machine(gone, "fargate-ip-10-0-0-8", MachineStatus.Phase.Running);
        var node = node(next);
        client.resource(next).delete();

        nodes(List.of(machine)).sweep();

        var rests = client.resource(node).get();
        assertThat(FargateNode.isResting(rests)).isTrue();
        assertThat(FargateNode.machine(rests)).isEqualTo(machine.getMetadata().getName());
    }

    /// The owners keep the Node as long as one of the pods is there.
    @Test
    void aRestingNodeBecomesTheNextMachinesAndKeepsItsOwners() {
        var pod = pod("old", "fargate-ip-10-0-0-9", "Succeeded");
        var machine = machine(pod, "fargate-ip-10-0-0-9", MachineStatus.Phase.Stopped);
        var node = node(machine);
        nodes(List.of(machine)).sweep();
        var next =
                machine(
                        pod("new", "fargate-ip-10-0-0-9", "Pending"),
                        "fargate-ip-10-0-0-9",
                        MachineStatus.Phase.Pending);

        var taken =
                client.resource(
                                FargateNode.takenOver(
                                        client.resource(node).get(),
                                        FargateNode.of(next, "us-west-2")))
                        .update();

        assertThat(FargateNode.isResting(taken)).isFalse();
        assertThat(FargateNode.machine(taken)).isEqualTo(next.getMetadata().getName());
        assertThat(taken.getSpec().getUnschedulable()).isNull();
        assertThat(taken.getMetadata().getOwnerReferences())
                .extracting(owner -> owner.getName())
                .containsExactlyInAnyOrder(
                        machine.getMetadata().getName(), next.getMetadata().getName());
    }

    private RestingNodes nodes(List<Machine> machines) {
        return new RestingNodes(
                client,
                () -> machines,
                key -> client.pods().inNamespace("shop").withName(key.substring(5)).get(),
                loops,
                Clock.systemUTC());
    }

    private @Nullable HasMetadata leaseOf(String node) {
        return client.leases().inNamespace("kube-node-lease").withName(node).get();
    }

    private Pod pod(String name, String node, String phase) {
        var pod =
                create(
                        Pod.class,
                        """
                        apiVersion: v1
                        kind: Pod
                        metadata: {name: %s, namespace: shop}
                        spec:
                          automountServiceAccountToken: false
                          containers: [{name: c, image: i}]
                          nodeName: %s
                        """
                                .formatted(name, node));
        return new Patches(client).strategicStatus(pod, Map.of("status", Map.of("phase", phase)));
    }

    private Node node(Machine machine) {
        return client.resource(FargateNode.of(machine, "us-west-2")).create();
    }

    private void lease(Machine machine) {
        create(
                "{apiVersion: coordination.k8s.io/v1, kind: Lease, metadata: {name: %s, namespace: kube-node-lease, labels: {%s: %s}}}"
                        .formatted(
                                machine.getSpec().nodeName(),
                                Names.MACHINE_LABEL,
                                machine.getMetadata().getName()));
    }

    private Machine machine(Pod pod, String node, MachineStatus.Phase phase) {
        var machine =
                create(
                        Machine.class,
                        """
                        apiVersion: monopod.dev/v1
                        kind: Machine
                        metadata: {name: m-%1$s}
                        spec:
                          host: one
                          pod: {namespace: shop, name: %2$s, uid: %1$s}
                          nodeName: %3$s
                          profile: web
                          size: {milliCpu: 250, memoryMebiBytes: 512, storageMebiBytes: 20480}
                          network: {vpc: default, subnet: a, zone: z, address: 10.0.0.5, gateway: 10.0.0.1, mac: '02:00:0a:00:00:05'}
                        """
                                .formatted(
                                        pod.getMetadata().getUid(),
                                        pod.getMetadata().getName(),
                                        node));
        machine.setStatus(new MachineStatus(phase, null, null, null, null, null));
        return client.resource(machine).updateStatus();
    }

    private void create(String yaml) {
        client.resource("---\n" + yaml).create();
    }

    private <T extends HasMetadata> T create(Class<T> type, String yaml) {
        return client.resource(Serialization.unmarshal("---\n" + yaml, type)).create();
    }
}
