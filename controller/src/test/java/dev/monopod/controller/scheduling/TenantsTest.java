package dev.monopod.controller.scheduling;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.controller.scheduling.SchedulingStep.Create;
import dev.monopod.controller.scheduling.SchedulingStep.Hold;
import dev.monopod.kube.api.FargateProfile;
import dev.monopod.kube.api.Host;
import dev.monopod.kube.api.Machine;
import dev.monopod.kube.api.MachineSpec;
import dev.monopod.kube.api.SecurityGroupPolicy;
import dev.monopod.kube.api.Subnet;
import dev.monopod.kube.api.Vpc;
import dev.monopod.kube.client.Events;
import dev.monopod.logging.plan.PodLogging;
import dev.monopod.model.loop.Loops;
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
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What a tenant's pod says of itself counts for nothing: profile, size and security groups are the
/// scheduler's own findings. Rows F2, F7, F8, F9; threat model, user → user.
@Timeout(60)
final class TenantsTest {
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
    private static final String BY_HAND = "eks.amazonaws.com/fargate-profile: bank";
    private static final String OWN = "eks.amazonaws.com/fargate-profile: shop";

    private final Map<String, Pod> pods = new ConcurrentHashMap<>();
    private final List<Machine> seen = new CopyOnWriteArrayList<>();
    private final List<FargateProfile> profiles =
            new CopyOnWriteArrayList<>(
                    List.of(
                            profile("bank", "{namespace: bank}"),
                            profile("shop", "{namespace: shop}"),
                            profile("web", "{namespace: shop, labels: {tier: web}}")));
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
                    pods::get,
                    _ -> Optional.empty());
    private final FargateScheduler scheduler =
            new FargateScheduler(
                    pods::get,
                    scheduling,
                    ledger,
                    api,
                    new PodNews(Events.NONE, PodLogging.NotFound::new),
                    new Loops(Clock.systemUTC(), new Random(1)));

    @AfterEach
    void close() {
        scheduler.close();
    }

    @Test
    void aPodThatNamesTheProfileOfAnotherTenantIsHeld() {
        assertThat(decide(pod("mallory", BY_HAND, "", "")))
                .isInstanceOfSatisfying(
                        Hold.class,
                        hold ->
                                assertThat(hold.message())
                                        .contains(
                                                "no selector of Fargate profile bank matches the"
                                                        + " pod's namespace mallory"));
    }

    @Test
    void aPodThatNamesTheSchedulerOnlyIsHeldWhereNoProfileSelectsIt() {
        assertThat(decide(pod("mallory", "", "", "")))
                .isInstanceOfSatisfying(
                        Hold.class,
                        hold ->
                                assertThat(hold.message())
                                        .contains("no ACTIVE Fargate profile matches"));
    }

    @Test
    void aPodThatNamesTheSchedulerOnlyIsPlacedByTheProfileThatSelectsIt() {
        assertThat(decide(pod("shop", "", "", "")))
                .isInstanceOfSatisfying(
                        Create.class, it -> assertThat(profileOf(it)).isEqualTo("shop"));
    }

    @Test
    void aLabelPicksOneOfTheProfilesThatSelectThePod() {
        var picks = "tier: web, eks.amazonaws.com/fargate-profile: ";

        assertThat(decide(pod("shop", picks + "web", "", "")))
                .isInstanceOfSatisfying(
                        Create.class, it -> assertThat(profileOf(it)).isEqualTo("web"));
        assertThat(decide(pod("shop", picks + "shop", "", "")))
                .isInstanceOfSatisfying(
                        Create.class, it -> assertThat(profileOf(it)).isEqualTo("shop"));
    }

    @Test
    void aPodWhoseLabelsWereEditedWhileItWasHeldIsMatchedAnew() {
        var admitted = pod("shop", "tier: web, eks.amazonaws.com/fargate-profile: web", "", "");
        admitted.getMetadata().getLabels().remove("tier");

        assertThat(decide(admitted)).isInstanceOf(Hold.class);
    }

    @Test
    void aPodThatIsKeptOffFargateOrIsOfADaemonSetIsHeldThoughItNamesTheScheduler() {
        var ofDaemonSet = pod("shop", OWN, "", "");
        ofDaemonSet
                .getMetadata()
                .setOwnerReferences(
                        read(
                                        Pod.class,
                                        "{metadata: {ownerReferences: [{kind: DaemonSet, name: d,"
                                                + " apiVersion: apps/v1, uid: u, controller: true}]}}")
                                .getMetadata()
                                .getOwnerReferences());

        assertThat(decide(pod("shop", OWN, "eks.amazonaws.com/compute-type: ec2", "")))
                .isInstanceOf(Hold.class);
        assertThat(decide(ofDaemonSet)).isInstanceOf(Hold.class);
    }

    @Test
    void aPodThatNoWebhookJudgedIsHeldInEksWords() {
        assertThat(decide(pod("shop", "", "", "hostPID: true")))
                .isInstanceOfSatisfying(
                        Hold.class,
                        hold -> {
                            assertThat(hold.reason()).isEqualTo("POD_UNSUPPORTED_ON_FARGATE");
                            assertThat(hold.message())
                                    .isEqualTo(
                                            "Pod not supported on Fargate: fields not supported:"
                                                    + " HostPID");
                        });
    }

    @Test
    void theSizeFollowsTheRequestsAndNotTheAnnotation() {
        var machine = placed(pod("shop", OWN, "CapacityProvisioned: 16vCPU 120GB", ""));

        assertThat(machine.size().milliCpu()).isEqualTo(250);
        assertThat(machine.size().memoryMebiBytes()).isEqualTo(512);
    }

    @Test
    void theSecurityGroupsAreThoseOfThePoliciesAndNotOfTheAnnotation() {
        var machine = placed(pod("shop", OWN, "fargate.amazonaws.com/pod-sg: sg-bank-db", ""));

        assertThat(machine.network().securityGroups()).containsExactly("sg-cluster-default");
    }

    @Test
    void theSecurityGroupsOfAPodThatNoWebhookSawAreThoseOfItsNamespacesPolicies() {
        api.surroundings = around("app: api", "");
        var pod = pod("shop", "app: api", "fargate.amazonaws.com/pod-sg: sg-bank-db", "");

        assertThat(placed(pod).network().securityGroups()).containsExactly("sg-api");
        assertThat(pod.getMetadata().getAnnotations())
                .containsEntry("fargate.amazonaws.com/pod-sg", "sg-api")
                .containsEntry("CapacityProvisioned", "0.25vCPU 0.5GB");
    }

    @Test
    void aLatePodWithoutItsRoleWaitsToBeDeleted() {
        api.surroundings =
                around("app: none", "eks.amazonaws.com/role-arn: 'arn:aws:iam::1:role/r'");
        var late = pod("shop", OWN, "", "");
        pods.put(key(late), late);
        scheduler.start();
        scheduler.add(key(late));

        Awaitility.await().until(() -> api.told.contains("p Unschedulable"));
        assertThat(api.machines).isEmpty();
        // Its address was claimed meanwhile, and is free again.
        Awaitility.await().until(() -> !api.claimed.isEmpty() && api.claims.isEmpty());
        assertThat(api.surroundings.lacking(late))
                .hasValueSatisfying(message ->
                        assertThat(message)
                                .contains("arn:aws:iam::1:role/r")
                                .contains("delete it"));
    }

    @Test
    void aPodThatWasEditedAfterItsMachineWasMadeIsBoundToNothing() {
        var pod = pod("shop", "tier: web, eks.amazonaws.com/fargate-profile: web", "", "");
        api.edited.add("p");
        placed(pod);
        Awaitility.await().until(() -> api.edits.get() > 0);
        pod.getMetadata().getLabels().remove("tier");
        // As the watch of Machines would.
        seen.addAll(api.machines.values());
        scheduler.add(key(pod));

        Awaitility.await().until(() -> api.deleted.contains("p"));
        assertThat(api.bound).isEmpty();
        seen.clear();
        Awaitility.await().until(() -> api.told.contains("p Unschedulable"));
    }

    @Test
    void anEditThatChangesTheSecurityGroupsUndoesTheMachineToo() {
        api.surroundings = around("app: api", "");
        var pod = pod("shop", OWN, "", "");
        api.edited.add("p");
        placed(pod);
        Awaitility.await().until(() -> api.edits.get() > 0);
        pod.getMetadata().getLabels().put("app", "api");
        seen.addAll(api.machines.values());
        scheduler.add(key(pod));

        Awaitility.await().until(() -> api.deleted.contains("p"));
        assertThat(api.bound).isEmpty();
    }

    private static Surroundings around(String selects, String account) {
        return new Surroundings(
                List.of(
                        read(
                                SecurityGroupPolicy.class,
                                "{metadata: {name: s}, spec: {podSelector: {matchLabels: {%s}},"
                                                .formatted(selects)
                                        + " securityGroups: {groupIds: [sg-api]}}}")),
                Map.of(),
                read(Pod.class, "{metadata: {annotations: {%s}}}".formatted(account))
                        .getMetadata()
                        .getAnnotations());
    }

    private SchedulingStep decide(Pod pod) {
        // What an earlier pod of this name was given is free.
        scheduling.decide(key(pod), null);
        return scheduling.decide(key(pod), pod);
    }

    private static String profileOf(Create step) {
        return step.machine().getSpec().profile();
    }

    /// What the scheduler makes of it. It may correct the pod first, which a watch then shows.
    private MachineSpec placed(Pod pod) {
        pods.put(key(pod), pod);
        scheduler.start();
        scheduler.add(key(pod));
        Awaitility.await().until(() -> !api.machines.isEmpty());
        return api.machines.values().iterator().next().getSpec();
    }

    private static String key(Pod pod) {
        return pod.getMetadata().getNamespace() + "/" + pod.getMetadata().getName();
    }

    private static Pod pod(String namespace, String labels, String annotations, String spec) {
        return read(
                Pod.class,
                """
                metadata: {name: p, namespace: %s, uid: u-1, labels: {%s}, annotations: {%s}}
                spec:
                  schedulerName: fargate-scheduler
                  containers: [{name: c, image: i}]
                  %s
                """
                        .formatted(namespace, labels, annotations, spec));
    }

    private static FargateProfile profile(String name, String selector) {
        return read(
                FargateProfile.class,
                "{metadata: {name: %s}, spec: {selectors: [%s], subnets: [a]}, status: {phase: ACTIVE}}"
                        .formatted(name, selector));
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
