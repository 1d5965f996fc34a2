package dev.monopod.controller.scheduling;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.controller.ClusterView;
import dev.monopod.controller.crd.CrdInstaller;
import dev.monopod.kube.api.FargateProfile;
import dev.monopod.kube.api.Machine;
import dev.monopod.kube.api.Subnet;
import dev.monopod.kube.api.Vpc;
import dev.monopod.kube.client.Events;
import dev.monopod.logging.plan.PodLogging;
import dev.monopod.model.loop.Loops;
import dev.monopod.model.names.Names;
import dev.monopod.model.size.MemoryOverhead;
import dev.monopod.model.time.Clocks;
import dev.monopod.testkit.api.ApiServer;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Clock;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Two schedulers that both take themselves for the leader, over one real API server: the first is
/// stopped between its decisions and its writes, past its Lease, and resumed when the second leads.
@Timeout(240)
final class TwoLeadersIT {
    private static final int PODS = 500;
    private static final int HOSTS = 5;

    /// Of pods, for which there is room on a host.
    private static final int ROOM = 110;

    /// Of each pod.
    private static final int MILLI_CPU = 250;

    private ApiServer apiServer;
    private KubernetesClient client;
    private ClusterView cluster;
    private FakeHosts hosts;
    private Leader first;
    private Leader second;

    /// A controller's scheduler, with watches of its own.
    private record Leader(
            ClusterView cluster, StoppablePlacementApi api, FargateScheduler scheduler) {
        static Leader of(KubernetesClient client, int seed, int lost) {
            var clock = Clock.systemUTC();
            var cluster = new ClusterView(client);
            cluster.startAll();
            var ledger = Ledger.of(cluster, Clocks.of(clock));
            var random = new Random(seed);
            var api =
                    new StoppablePlacementApi(
                            new KubernetesPlacementApi(client, Clocks.of(clock)), random, lost);
            return new Leader(
                    cluster,
                    api,
                    new FargateScheduler(
                            cluster::unassignedPod,
                            new Scheduling(
                                    ledger,
                                    cluster::claim,
                                    MemoryOverhead.EKS_256_MIB,
                                    cluster::fargatePod,
                                    _ -> Optional.empty()),
                            ledger,
                            api,
                            new PodNews(Events.NONE, PodLogging.NotFound::new),
                            new Loops(clock, random)));
        }

        void start() {
            scheduler.start(cluster);
        }

        void end() {
            api.resume();
            scheduler.close();
            cluster.close();
        }
    }

    @BeforeEach
    void start() throws IOException, InterruptedException {
        var binary = ApiServer.binary();
        Assumptions.assumeTrue(Files.isExecutable(binary), "no " + binary);
        apiServer = ApiServer.start(binary);
        client = apiServer.client();
        new CrdInstaller(client).install(Duration.ofSeconds(30));
        create("{apiVersion: v1, kind: Namespace, metadata: {name: shop}}");
        create(
                "{apiVersion: v1, kind: ServiceAccount, metadata: {name: default, namespace:"
                        + " shop}}");
        custom(Vpc.class, "default", "{cidrs: [10.0.0.0/16], region: us-west-2}", "{}");
        custom(Subnet.class, "a", "{vpc: default, cidr: 10.0.0.0/20, zone: us-west-2a}", "{}");
        custom(
                FargateProfile.class,
                "web",
                "{selectors: [{namespace: shop}], subnets: [a]}",
                "{phase: ACTIVE}");
        hosts = new FakeHosts(client);
        hosts.start();
        cluster = new ClusterView(client);
        cluster.startAll();
    }

    @AfterEach
    void stop() {
        List.of(first, second).forEach(Leader::end);
        hosts.close();
        cluster.close();
        client.close();
        apiServer.close();
    }

    @Test
    void aLeaderThatWasStoppedGivesNoAddressThatTheNextOneGave() {
        hosts.add("one", 999_000);
        first = Leader.of(client, 1, 0);
        second = Leader.of(client, 2, 0);
        first.api().stop();
        first.start();
        var early = pod("early");
        await().until(() -> first.api().waiting() == 2);
        // Nobody waits for it any more, so its address goes to the next.
        client.resource(early).withGracePeriod(0).delete();
        await().until(() -> cluster.unassignedPods().isEmpty());

        second.start();
        var late = pod("late");
        await().until(() -> node(late) != null);
        assertThat(machine(late).getSpec().network().address()).isEqualTo("10.0.0.5");
        first.api().resume();

        await().until(() -> first.api().waiting() == 0);
        await().during(Duration.ofSeconds(2))
                .untilAsserted(() -> assertThat(addresses()).doesNotHaveDuplicates());
    }

    /// The first ended with its claims, before the Machines.
    @Test
    void theNextLeaderPutsPodsWhereTheOneBeforeItHadClaimed() {
        hosts.add("one", 999_000);
        hosts.add("two", 999_000);
        first = Leader.of(client, 5, 0);
        second = Leader.of(client, 6, 0);
        // Neither where the next one would begin, nor in the order of the pods.
        var claimed = Map.of("a", "10.0.0.9", "b", "10.0.0.8", "c", "10.0.0.5");
        for (var name : List.of("a", "b", "c")) {
            var machine = claimedFor(pod(name), claimed.get(name));
            assertThat(first.api().claim(machine)).isPresent();
        }
        await().until(() -> second.cluster().unassignedPods().size() == 3);

        second.start();

        await().until(() -> bound().size() == 3);
        assertThat(machines())
                .allSatisfy(machine -> {
                    assertThat(machine.getSpec().host()).isEqualTo("two");
                    assertThat(machine.getSpec().network().address())
                            .isEqualTo(claimed.get(machine.getSpec().pod().name()));
                });
        assertThat(client.leases().inNamespace(AddressClaim.NAMESPACE).list().getItems())
                .hasSize(3);
    }

    private static Machine claimedFor(Pod pod, String address) {
        return Serialization.unmarshal(
                """
                apiVersion: monopod.dev/v1
                kind: Machine
                metadata: {name: %s}
                spec:
                  host: two
                  nodeName: %s
                """
                        .formatted(
                                Names.machine(pod.getMetadata().getUid()),
                                Names.node(address, "us-west-2")),
                Machine.class);
    }

    @Test
    void aLeaderThatWasStoppedPutsNothingOnAHostThatTheNextOneHasFilled() {
        hosts.add("one", MILLI_CPU);
        first = Leader.of(client, 1, 0);
        second = Leader.of(client, 2, 0);
        first.start();
        // So that it goes on with the address that follows.
        var gone = pod("gone");
        await().until(() -> node(gone) != null);
        client.resource(machine(gone)).delete();
        client.resource(gone).withGracePeriod(0).delete();
        await().until(() -> first.cluster().machines().isEmpty());
        first.api().stop();
        var early = pod("early");
        await().until(() -> first.api().waiting() == 2);

        // The other pod comes first there, and takes the room.
        var late = pod("late");
        await().until(() -> second.cluster().unassignedPod("shop/late") != null);
        second.scheduler().start();
        second.scheduler().add("shop/late");
        await().until(() -> node(late) != null);
        first.api().resume();

        await().until(() -> hosts.begun() == 3);
        await().until(() -> machines().size() == 1);
        assertThat(machines().getFirst().getSpec().pod().name()).isEqualTo("late");
        assertThat(node(early)).as("its host is full").isNull();
    }

    /// Each loses one answer of fifty, and the first is stopped and resumed twice.
    @Test
    void twoLeadersOfFiveHundredPodsGiveNothingTwiceAndNoHostMoreThanItHas() {
        for (int number = 0; number < HOSTS; number++) {
            hosts.add("host-" + number, ROOM * MILLI_CPU);
        }
        first = Leader.of(client, 3, 2);
        second = Leader.of(client, 4, 2);
        first.start();
        var names = IntStream.range(0, PODS).mapToObj(number -> "pod-" + number).toList();
        names.subList(0, 50).parallelStream().forEach(this::pod);
        await().until(() -> cluster.machines().size() > 20);
        first.api().stop();
        names.subList(50, PODS).parallelStream().forEach(this::pod);
        await().until(() -> first.api().waiting() > 32);

        second.start();
        await().until(() -> cluster.machines().size() > 150);
        first.api().resume();
        await().until(() -> cluster.machines().size() > 250);
        first.api().stop();
        await().until(() -> cluster.machines().size() > 350);
        first.api().resume();

        await().until(() -> bound().size() == PODS && machines().size() == PODS);
        assertThat(addresses()).doesNotHaveDuplicates();
        assertThat(machines().stream().map(it -> it.getSpec().pod().name()))
                .containsExactlyInAnyOrderElementsOf(names);
        assertThat(
                        machines().stream()
                                .collect(
                                        Collectors.groupingBy(
                                                it -> it.getSpec().host(), Collectors.counting())))
                .allSatisfy((_, given) -> assertThat(given).isLessThanOrEqualTo(ROOM));
        // Each pod is bound to its own machine's Node, and each address is claimed for its machine.
        var claims =
                client.leases().inNamespace(AddressClaim.NAMESPACE).list().getItems().stream()
                        .collect(
                                Collectors.toMap(
                                        it -> it.getMetadata().getName(),
                                        it -> it.getMetadata().getLabels()));
        var nodes = new HashSet<String>();
        for (var pod : bound()) {
            var spec = machine(pod).getSpec();
            assertThat(pod.getSpec().getNodeName()).isEqualTo(spec.nodeName());
            assertThat(nodes.add(spec.nodeName())).isTrue();
            assertThat(claims.get(spec.nodeName()))
                    .containsEntry(Names.MACHINE_LABEL, machine(pod).getMetadata().getName());
        }
    }

    private static ConditionFactory await() {
        return Awaitility.await().atMost(Duration.ofSeconds(120));
    }

    private List<Machine> machines() {
        return client.resources(Machine.class).list().getItems();
    }

    private List<String> addresses() {
        return machines().stream().map(it -> it.getSpec().network().address()).toList();
    }

    private List<Pod> bound() {
        return client.pods().inNamespace("shop").list().getItems().stream()
                .filter(pod -> pod.getSpec().getNodeName() != null)
                .toList();
    }

    private Machine machine(Pod pod) {
        return client.resources(Machine.class)
                .withName(Names.machine(pod.getMetadata().getUid()))
                .get();
    }

    private String node(Pod pod) {
        return client.resource(pod).get().getSpec().getNodeName();
    }

    private Pod pod(String name) {
        return (Pod)
                create(
                        """
                        apiVersion: v1
                        kind: Pod
                        metadata:
                          name: %s
                          namespace: shop
                          labels: {eks.amazonaws.com/fargate-profile: web}
                          annotations:
                            CapacityProvisioned: 0.25vCPU 0.5GB
                            Logging: "LoggingDisabled: LOGGING_CONFIGMAP_NOT_FOUND"
                            fargate.amazonaws.com/pod-sg: sg-cluster-default
                        spec:
                          schedulerName: fargate-scheduler
                          automountServiceAccountToken: false
                          containers: [{name: c, image: i}]
                        """
                                .formatted(name));
    }

    private HasMetadata create(String yaml) {
        return client.resource("---\n" + yaml).create();
    }

    private <T extends CustomResource<?, ?>> void custom(
            Class<T> type, String name, String spec, String status) {
        T object =
                Serialization.unmarshal(
                        "---\n{apiVersion: monopod.dev/v1, kind: %s, metadata: {name: %s}, spec: %s, status: %s}"
                                .formatted(type.getSimpleName(), name, spec, status),
                        type);
        client.resource(object).create();
        client.resource(object).updateStatus();
    }
}
