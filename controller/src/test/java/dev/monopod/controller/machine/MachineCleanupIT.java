package dev.monopod.controller.machine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.controller.crd.CrdInstaller;
import dev.monopod.kube.api.Host;
import dev.monopod.kube.api.Machine;
import dev.monopod.model.loop.Loops;
import dev.monopod.model.names.Names;
import dev.monopod.model.time.Clocks;
import dev.monopod.testkit.api.ApiServer;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/// The clean-up against a real API server, with a clock that is stepped.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class MachineCleanupIT {
    private final Loops loops = new Loops(Clock.systemUTC(), new Random());
    private static final String FOREIGN = "example.com/foreign";
    private static final String OURS = "monopod.dev/agent";

    private ApiServer apiServer;
    private KubernetesClient client;
    private Instant now;

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
    void tellsThePodsOfALostHostAndForgetsItsMachines() {
        now = Instant.parse("2026-01-01T00:00:00Z");
        host("silent", now);
        var running = pod("running", "fargate-ip-10-0-0-5");
        var unbound = pod("unbound", null);
        var machines =
                List.of(
                        machine("silent", running, "fargate-ip-10-0-0-5"),
                        machine("silent", unbound, "fargate-ip-10-0-0-6"));
        // An empty cache of hosts and pods is no reason for anything.
        var cleanup = cleanup(machines, List.of());

        sweep(cleanup, Duration.ofSeconds(295));
        assertThat(read(machines.getFirst()).getMetadata().getDeletionTimestamp()).isNull();
        sweep(cleanup, Duration.ofSeconds(10));

        var silent = client.resources(Host.class).withName("silent").get().getMetadata();
        assertThat(silent.getAnnotations())
                .containsEntry(Names.GIVEN_UP_ANNOTATION, "2026-01-01T00:05:00Z");
        var told = client.resource(running).get().getStatus();
        assertThat(told.getPhase()).isEqualTo("Failed");
        assertThat(told.getReason()).isEqualTo("HostLost");
        assertThat(told.getMessage()).contains("host silent is lost");
        assertThat(client.resource(unbound).get().getStatus().getPhase()).isEqualTo("Pending");
        assertThat(client.nodes().withName("fargate-ip-10-0-0-5").get()).isNull();
        assertThat(
                        client.leases()
                                .inNamespace("kube-node-lease")
                                .withName("fargate-ip-10-0-0-5")
                                .get())
                .isNull();
        for (var machine : machines) {
            var left = read(machine);
            assertThat(left.getMetadata().getDeletionTimestamp()).isNotNull();
            assertThat(left.getFinalizers()).containsExactly(FOREIGN);
        }
    }

    @Test
    void rejectsAPodThatNamesTheNodeOfAnother() {
        now = Instant.now();
        var owner = pod("owner", "fargate-ip-10-0-0-20");
        machine("living", owner, "fargate-ip-10-0-0-20");
        var stray = pod("stray", "fargate-ip-10-0-0-20");
        var leaving = pod("stray-leaving", "fargate-ip-10-0-0-20");
        client.resource(leaving).delete();
        var told = new ArrayList<String>();

        new StrayPods(
                        client,
                        () -> client.pods().inNamespace("shop").list().getItems(),
                        (about, _, reason, _, _) ->
                                told.add(about.getMetadata().getName() + " " + reason),
                        loops,
                        Clock.systemUTC())
                .sweep();

        assertThat(client.resource(stray).get().getStatus().getReason()).isEqualTo("OutOfpods");
        assertThat(told).containsExactly("stray OutOfpods");
        assertThat(client.resource(owner).get().getStatus().getPhase()).isNotEqualTo("Failed");
        assertThat(client.resource(leaving).get()).isNull();
    }

    @Test
    void deletesAtOnceThePodThatNoAgentIsLeftToEnd() {
        now = Instant.parse("2026-01-01T00:00:00Z");
        var leaving = pod("leaving", "fargate-ip-10-0-0-7");
        client.resource(leaving).delete();
        assertThat(client.resource(leaving).get().getMetadata().getDeletionTimestamp()).isNotNull();
        var machine = machine("never-there", leaving, "fargate-ip-10-0-0-7");

        sweep(cleanup(List.of(machine), List.of()), Duration.ofSeconds(305));

        assertThat(client.resource(leaving).get()).isNull();
        assertThat(read(machine).getFinalizers()).containsExactly(FOREIGN);
    }

    @Test
    void deletesTheMachineOfAPodThatIsGoneAndLeavesItToItsLivingHost() {
        now = Instant.now();
        var host = host("living", now);
        var stays = pod("stays", "fargate-ip-10-0-0-8");
        var goes = pod("goes", "fargate-ip-10-0-0-9");
        var kept = machine("living", stays, "fargate-ip-10-0-0-8");
        var deleted = machine("living", goes, "fargate-ip-10-0-0-9");
        client.resource(goes).withGracePeriod(0).delete();

        cleanup(List.of(kept, deleted), List.of(host)).sweep();

        assertThat(read(kept).getMetadata().getDeletionTimestamp()).isNull();
        assertThat(read(deleted).getMetadata().getDeletionTimestamp()).isNotNull();
        assertThat(read(deleted).getFinalizers()).containsExactlyInAnyOrder(OURS, FOREIGN);
    }

    private MachineCleanup cleanup(List<Machine> machines, List<Host> hosts) {
        return new MachineCleanup(
                client,
                new MachineCleanup.Cached(() -> machines, () -> hosts, key -> null),
                loops,
                Clocks.of(((InstantSource) () -> now).withZone(ZoneOffset.UTC)),
                HostSightings.LOST);
    }

    private void sweep(MachineCleanup cleanup, Duration time) {
        for (var end = now.plus(time); now.isBefore(end); now = now.plusSeconds(5)) {
            cleanup.sweep();
        }
    }

    private Machine read(Machine machine) {
        return client.resource(machine).get();
    }

    private Host host(String name, Instant heartbeat) {
        var host =
                create(
                        Host.class,
                        "{apiVersion: monopod.dev/v1, kind: Host, metadata: {name: %s}, spec: {}}"
                                .formatted(name));
        host.setStatus(
                Serialization.unmarshal(
                                "---\n{apiVersion: monopod.dev/v1, kind: Host, status: {heartbeat: '%s'}}"
                                        .formatted(heartbeat),
                                Host.class)
                        .getStatus());
        return client.resource(host).updateStatus();
    }

    private Pod pod(String name, @Nullable String node) {
        return create(
                Pod.class,
                """
                apiVersion: v1
                kind: Pod
                metadata: {name: %s, namespace: shop}
                spec:
                  schedulerName: fargate-scheduler
                  automountServiceAccountToken: false
                  containers: [{name: c, image: i}]
                  %s
                """
                        .formatted(name, node == null ? "" : "nodeName: " + node));
    }

    private Machine machine(String host, Pod pod, String node) {
        create("{apiVersion: v1, kind: Node, metadata: {name: %s}}".formatted(node));
        create(
                "{apiVersion: coordination.k8s.io/v1, kind: Lease, metadata: {name: %s, namespace: kube-node-lease}}"
                        .formatted(node));
        var machine =
                create(
                        Machine.class,
                        """
                        apiVersion: monopod.dev/v1
                        kind: Machine
                        metadata: {name: m-%2$s}
                        spec:
                          host: %1$s
                          pod: {namespace: shop, name: %3$s, uid: %2$s}
                          nodeName: %4$s
                          profile: web
                          size: {milliCpu: 250, memoryMebiBytes: 512, storageMebiBytes: 20480}
                          network: {vpc: default, subnet: a, zone: z, address: 10.0.0.5, gateway: 10.0.0.1, mac: '02:00:0a:00:00:05'}
                        """
                                .formatted(
                                        host,
                                        pod.getMetadata().getUid(),
                                        pod.getMetadata().getName(),
                                        node));
        machine.getMetadata().setFinalizers(new ArrayList<>(List.of(OURS, FOREIGN)));
        return client.resource(machine).update();
    }

    private void create(String yaml) {
        client.resource("---\n" + yaml).create();
    }

    private <T extends HasMetadata> T create(Class<T> type, String yaml) {
        return client.resource(Serialization.unmarshal("---\n" + yaml, type)).create();
    }
}
