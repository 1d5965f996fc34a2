package dev.monopod.controller.scheduling;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.controller.scheduling.SchedulingStep.Create;
import dev.monopod.kube.api.FargateProfile;
import dev.monopod.kube.api.Host;
import dev.monopod.kube.api.Machine;
import dev.monopod.kube.api.Subnet;
import dev.monopod.kube.api.Vpc;
import dev.monopod.kube.client.Events;
import dev.monopod.logging.plan.PodLogging;
import dev.monopod.model.loop.Loops;
import dev.monopod.model.network.Cidr;
import dev.monopod.model.size.MemoryOverhead;
import dev.monopod.model.support.PodShape.ClaimState;
import dev.monopod.model.time.Clocks;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The decisions and what becomes of them, with an API server that hangs, refuses and stays silent.
@Timeout(60)
final class FargateSchedulerTest {
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

    private final Map<String, Pod> pods = new ConcurrentHashMap<>();
    private final Map<String, String> blocks = new ConcurrentHashMap<>();
    private final List<Machine> seen = new CopyOnWriteArrayList<>();
    private final List<FargateProfile> profiles =
            new CopyOnWriteArrayList<>(
                    List.of(
                            read(
                                    FargateProfile.class,
                                    "{metadata: {name: web}, spec: {selectors: [{namespace: shop}],"
                                            + " subnets: [a]}, status: {phase: ACTIVE}}")));
    private final AtomicInteger poison = new AtomicInteger();
    private final FakePlacementApi api = new FakePlacementApi();
    private final Ledger ledger =
            new Ledger(
                    () ->
                            new Ledger.Seen(
                                    profiles, List.of(subnet()), List.of(vpc()), hosts(), seen),
                    () -> Long.MAX_VALUE,
                    Clocks.of(Clock.fixed(NOW, ZoneOffset.UTC)));
    private final Scheduling scheduling =
            new Scheduling(
                    ledger,
                    (_, _) -> new ClaimState.Missing(),
                    MemoryOverhead.EKS_256_MIB,
                    _ -> null,
                    profile -> Optional.ofNullable(blocks.get(profile)));
    private final FargateScheduler scheduler =
            new FargateScheduler(
                    this::pod,
                    scheduling,
                    ledger,
                    api,
                    new PodNews(Events.NONE, PodLogging.NotFound::new),
                    new Loops(Clock.systemUTC(), new Random(1)));

    @AfterEach
    void close() {
        scheduler.close();
    }

    private @Nullable Pod pod(String key) {
        if (key.endsWith("/poison") && poison.getAndDecrement() > 0) {
            throw new StackOverflowError();
        }
        return pods.get(key);
    }

    /// Such an error ended the scheduler's thread, and with it all scheduling.
    @Test
    void goesOnAfterADecisionThatOverflowsTheStack() {
        poison.set(1);
        scheduler.start();

        add("poison", "web");
        Awaitility.await().until(() -> poison.get() <= 0);
        add("second", "web");

        for (var pod : List.of("second ", "poison ")) {
            Awaitility.await().until(() -> api.bound.stream().anyMatch(it -> it.startsWith(pod)));
        }
    }

    @Test
    void decidesAnotherPodWhileTheCreationOfAMachineHangs() {
        var hanging = new CountDownLatch(1);
        api.creations.put("first", FakePlacementApi.hanging(hanging));
        scheduler.start();

        add("first", "web");
        Awaitility.await().until(() -> api.created.contains("first"));
        add("second", "web");

        Awaitility.await().until(() -> api.bound.contains("second 10.0.0.6"));
        hanging.countDown();
        Awaitility.await().until(() -> api.bound.contains("first 10.0.0.5"));
    }

    /// Who has a Machine already is bound to it, whatever the profile launches by now.
    @Test
    void bindsAPodWhoseMachineIsThereThoughItsProfileLaunchesNothingAnyMore() {
        var hanging = new CountDownLatch(1);
        api.creations.put("first", FakePlacementApi.hanging(hanging));
        scheduler.start();
        add("first", "web");
        Awaitility.await().until(() -> api.created.contains("first"));

        blocks.put("web", "blocked");
        add("second", "web");
        Awaitility.await().until(() -> api.told.contains("second Unschedulable"));
        hanging.countDown();

        Awaitility.await().until(() -> api.bound.contains("first 10.0.0.5"));
        assertThat(api.created).containsExactly("first");
    }

    @Test
    void claimsTheAddressWhileItReadsWhatElseDecides() {
        api.reads = new CountDownLatch(1);
        scheduler.start();

        add("first", "web");

        Awaitility.await().until(() -> !api.claims.isEmpty());
        assertThat(api.created).isEmpty();
        api.reads.countDown();
        Awaitility.await().until(() -> api.bound.contains("first 10.0.0.5"));
    }

    @Test
    void decidesAnotherPodWhileTheWritingOfAConditionHangs() {
        api.conditions = new CountDownLatch(1);
        scheduler.start();

        add("lost", "unknown");
        add("second", "web");

        Awaitility.await().until(() -> api.bound.contains("second 10.0.0.5"));
        assertThat(api.told).isEmpty();
        api.conditions.countDown();
        Awaitility.await().until(() -> api.told.contains("lost Unschedulable"));
    }

    @Test
    void worksOnAPodOnceAtATime() {
        var hanging = new CountDownLatch(1);
        api.creations.put("first", FakePlacementApi.hanging(hanging));
        scheduler.start();

        add("first", "web");
        Awaitility.await().until(() -> api.created.contains("first"));
        add("first", "web");
        add("second", "web");
        Awaitility.await().until(() -> !api.bound.isEmpty());
        assertThat(api.created).containsExactly("first", "second");
        hanging.countDown();

        // The turn that came meanwhile finds the Machine, and creates no other.
        Awaitility.await().until(() -> api.bound.size() == 3);
        assertThat(api.created).containsExactly("first", "second");
        assertThat(api.bound).filteredOn(text -> text.startsWith("first")).hasSize(2);
    }

    @Test
    void freesThePlaceOfAMachineThatIsRefused() {
        api.creations.put(
                "first",
                _ -> {
                    throw FakePlacementApi.answer(403);
                });
        scheduler.start();

        add("first", "web");

        Awaitility.await().until(() -> !taken("10.0.0.5") && api.created.contains("first"));
    }

    @Test
    void holdsThePlaceOfAMachineThatMayExistAndFindsIt() {
        api.creations.put(
                "first",
                machine -> {
                    api.machines.put(machine.getMetadata().getName(), machine);
                    throw FakePlacementApi.answer(0);
                });
        scheduler.start();

        add("first", "web");
        Awaitility.await().until(() -> api.created.contains("first"));
        add("second", "web");

        Awaitility.await().until(() -> api.bound.size() == 2);
        assertThat(api.bound).containsExactlyInAnyOrder("first 10.0.0.5", "second 10.0.0.6");
        assertThat(api.created).containsExactlyInAnyOrder("first", "second");
    }

    @Test
    void bindsToTheMachineThatExistsAlready() {
        var pod = pod("first", "web");
        var earlier = ((Create) scheduling.decide("shop/first", pod)).machine();
        ledger.free(earlier.getMetadata().getName());
        api.machines.put(earlier.getMetadata().getName(), earlier);
        scheduler.start();

        add("first", "web");

        Awaitility.await().until(() -> api.bound.contains("first 10.0.0.5"));
        assertThat(taken("10.0.0.5")).isTrue();
    }

    @Test
    void waitsForAMachineOfAnEarlierLifeToGo() {
        var pod = pod("first", "web");
        var leaving = ((Create) scheduling.decide("shop/first", pod)).machine();
        leaving.getMetadata().setDeletionTimestamp(NOW.toString());
        seen.add(leaving);

        assertThat(scheduling.decide("shop/first", pod)).isEqualTo(new SchedulingStep.Later());
    }

    @Test
    void givesUpThePlaceOfAPodThatIsGone() {
        assertThat(scheduling.decide("shop/first", pod("first", "web"))).isInstanceOf(Create.class);
        assertThat(taken("10.0.0.5")).isTrue();

        assertThat(scheduling.decide("shop/first", null)).isEqualTo(new SchedulingStep.Rest());

        assertThat(taken("10.0.0.5")).isFalse();
    }

    @Test
    void leavesOutPodsThatAreBoundOrEndedOrHeldByAGate() {
        var bound = pod("bound", "web");
        bound.getSpec().setNodeName("node");
        var ended = pod("ended", "web");
        ended.setStatus(read(Pod.class, "{status: {phase: Failed}}").getStatus());
        var gated = pod("gated", "web");
        gated.getSpec()
                .setSchedulingGates(
                        read(Pod.class, "{spec: {schedulingGates: [{name: a}]}}")
                                .getSpec()
                                .getSchedulingGates());

        for (var pod : List.of(bound, ended, gated)) {
            assertThat(scheduling.decide("shop/" + pod.getMetadata().getName(), pod))
                    .isEqualTo(new SchedulingStep.Rest());
        }
    }

    @Test
    void takesOverAPodOfTheDefaultSchedulerAndThenPlacesIt() {
        var pod = pod("foreign", "");
        pod.getSpec().setSchedulerName("default-scheduler");

        pods.put("shop/foreign", pod);
        scheduler.start();
        scheduler.add("shop/foreign");

        Awaitility.await().until(() -> api.told.contains("foreign is of [web]"));
        assertThat(pod.getMetadata().getAnnotations())
                .containsEntry("CapacityProvisioned", "0.25vCPU 0.5GB")
                .containsEntry("fargate.amazonaws.com/pod-sg", "sg-cluster-default");
        Awaitility.await().until(() -> !api.bound.isEmpty());
    }

    private void add(String name, String profile) {
        pods.put("shop/" + name, pod(name, profile));
        scheduler.add("shop/" + name);
    }

    private boolean taken(String address) {
        return ledger.snapshot().taken().contains(Cidr.address(address));
    }

    private static Pod pod(String name, String profile) {
        return read(
                Pod.class,
                """
                metadata:
                  name: %s
                  namespace: shop
                  uid: uid-%s
                  labels: {%s}
                  annotations:
                    CapacityProvisioned: 0.25vCPU 0.5GB
                    Logging: "LoggingDisabled: LOGGING_CONFIGMAP_NOT_FOUND"
                    fargate.amazonaws.com/pod-sg: sg-cluster-default
                spec:
                  schedulerName: fargate-scheduler
                  containers: [{name: c, image: i}]
                """
                        .formatted(
                                name,
                                name,
                                profile.isEmpty()
                                        ? ""
                                        : "eks.amazonaws.com/fargate-profile: " + profile));
    }

    private static Subnet subnet() {
        return read(
                Subnet.class,
                "{metadata: {name: a}, spec: {vpc: default, cidr: 10.0.0.0/24, zone: us-west-2a}}");
    }

    private static Vpc vpc() {
        return read(
                Vpc.class,
                "{metadata: {name: default}, spec: {cidrs: [10.0.0.0/16], region: us-west-2}}");
    }

    private static List<Host> hosts() {
        return List.of(
                read(
                        Host.class,
                        "{metadata: {name: one}, spec: {}, status: {capacityMilliCpu: 99000,"
                                + " capacityMemoryMebiBytes: 99000, capacityStorageMebiBytes:"
                                + " 9900000, heartbeat: '%s'}}".formatted(NOW)));
    }

    private static <T extends HasMetadata> T read(Class<T> type, String yaml) {
        return Serialization.unmarshal("---\n" + yaml, type);
    }
}
