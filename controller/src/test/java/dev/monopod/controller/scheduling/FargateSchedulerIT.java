package dev.monopod.controller.scheduling;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.controller.ClusterView;
import dev.monopod.controller.TestRoles;
import dev.monopod.controller.crd.CrdInstaller;
import dev.monopod.kube.api.FargateProfile;
import dev.monopod.kube.api.Host;
import dev.monopod.kube.api.Machine;
import dev.monopod.kube.api.Subnet;
import dev.monopod.kube.api.Vpc;
import dev.monopod.kube.client.EventRecorder;
import dev.monopod.logging.plan.PodLogging;
import dev.monopod.model.loop.Loops;
import dev.monopod.model.size.MemoryOverhead;
import dev.monopod.model.time.Clocks;
import dev.monopod.testkit.api.ApiServer;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;

/// The fargate-scheduler against a real API server: one subnet of eleven addresses, one host.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
final class FargateSchedulerIT {
    private static final int ADDRESSES = 11;

    private ApiServer apiServer;
    private KubernetesClient client;
    private ClusterView cluster;
    private EventRecorder recorder;
    private FargateScheduler scheduler;

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
        custom(Vpc.class, "default", "{cidrs: [10.0.0.0/16], region: us-west-2}", "{}");
        custom(
                Subnet.class,
                "private-a",
                "{vpc: default, cidr: 10.0.0.0/28, zone: us-west-2a}",
                "{}");
        create("{apiVersion: v1, kind: Namespace, metadata: {name: team}}");
        create(
                "{apiVersion: v1, kind: ServiceAccount, metadata: {name: default, namespace: team}}");
        custom(
                Subnet.class,
                "private-b",
                "{vpc: default, cidr: 10.0.1.0/28, zone: us-west-2a}",
                "{}");
        custom(
                FargateProfile.class,
                "team",
                "{selectors: [{namespace: team}], subnets: [private-b]}",
                "{phase: ACTIVE}");
        create("{apiVersion: v1, kind: Namespace, metadata: {name: bank}}");
        create(
                "{apiVersion: v1, kind: ServiceAccount, metadata: {name: default, namespace: bank}}");
        custom(
                FargateProfile.class,
                "bank",
                "{selectors: [{namespace: bank}], subnets: [private-b], podExecutionRoleArn:"
                        + " 'arn:aws:iam::111122223333:role/pods'}",
                "{phase: ACTIVE}");
        custom(
                FargateProfile.class,
                "web",
                "{selectors: [{namespace: shop}], subnets: [private-a]}",
                "{phase: ACTIVE}");
        custom(
                Host.class,
                "one",
                "{}",
                "{capacityMilliCpu: 99000, capacityMemoryMebiBytes: 99000,"
                        + " capacityStorageMebiBytes: 9900000, heartbeat: '%s'}"
                                .formatted(Instant.now().plusSeconds(600)));
        cluster = new ClusterView(client);
        cluster.startAll();
        var loops = new Loops(Clock.systemUTC(), new Random());
        recorder = new EventRecorder(client, Clock.systemUTC(), loops);
        scheduler =
                FargateScheduler.of(
                        client,
                        cluster,
                        MemoryOverhead.EKS_256_MIB,
                        TestRoles.OPTIONAL,
                        recorder.of("fargate-scheduler", ""),
                        loops,
                        Clocks.ofProcess());
        scheduler.start(cluster);
    }

    @AfterAll
    void stop() {
        if (scheduler != null) {
            scheduler.close();
            recorder.close();
            cluster.close();
        }
        if (client != null) {
            client.close();
        }
        if (apiServer != null) {
            apiServer.close();
        }
    }

    @Test
    @Order(1)
    void givesAPodItsMachineItsNodeAndItsAddress() {
        Pod pod = pod("first", "");

        await().untilAsserted(() -> assertThat(node(pod)).isNotNull());

        Machine machine = machine(pod);
        // The host's own address, 10.0.0.4, is the subnet's first usable one.
        assertThat(machine.getSpec().network().address()).isEqualTo("10.0.0.5");
        assertThat(machine.getSpec().host()).isEqualTo("one");
        assertThat(machine.getFinalizers()).containsExactly("monopod.dev/agent");
        assertThat(node(pod)).isEqualTo("fargate-ip-10-0-0-5.us-west-2.compute.internal");
        assertThat(client.nodes().withName(node(pod)).get().getMetadata().getLabels())
                .containsEntry("eks.amazonaws.com/compute-type", "fargate")
                .containsEntry("topology.kubernetes.io/zone", "us-west-2a");
        await().untilAsserted(() ->
                assertThat(events("first"))
                        .extracting(Event::getMessage)
                        .contains("Successfully assigned shop/first to " + node(pod)));
    }

    @Test
    @Order(2)
    void saysInEksWordsThatThePodsTermsCantBeMet() {
        pod("nowhere", "nodeSelector: {topology.kubernetes.io/zone: us-west-2c}");

        awaitReason(
                "nowhere",
                "MatchNodeSelector failed: Fargate profile web cannot satisfy pod's node"
                        + " selector/affinity requirements: nodeSelector"
                        + " topology.kubernetes.io/zone=us-west-2c; the profile has zone"
                        + " us-west-2a");
        delete("nowhere");
    }

    @Test
    @Order(3)
    void bindsNoPodToTheNodeOfAnEarlierMachine() {
        String stale = "fargate-ip-10-0-0-6.us-west-2.compute.internal";
        create(
                "{apiVersion: v1, kind: Node, metadata: {name: %s, labels: {monopod.dev/machine: m-old}}}"
                        .formatted(stale));
        Pod pod = pod("second", "");
        await().until(() -> client.resources(Machine.class).list().getItems().size() == 2);
        await().during(Duration.ofSeconds(2)).until(() -> node(pod) == null);

        client.nodes().withName(stale).delete();

        await().untilAsserted(() -> assertThat(node(pod)).isEqualTo(stale));
        assertThat(client.nodes().withName(stale).get().getMetadata().getLabels())
                .containsEntry("monopod.dev/machine", machine(pod).getMetadata().getName());
    }

    /// Row F19.
    @Test
    @Order(4)
    void givesEachAddressOnceAndNamesTheSubnetThatIsExhausted() {
        for (int number = 3; number < ADDRESSES; number++) {
            pod("more-" + number, "");
        }
        await().untilAsserted(() ->
                assertThat(client.resources(Machine.class).list().getItems())
                        .extracting(machine -> machine.getSpec().network().address())
                        .doesNotHaveDuplicates()
                        .hasSize(ADDRESSES - 1));
        pod("excess", "");
        awaitReason("excess", "no free address in private-a (10.0.0.0/28) of fargate profile web");
    }

    /// Pods that no webhook saw, for none is installed here: what they claim counts for nothing,
    /// and what they get is told on them.
    @Test
    @Order(5)
    void findsOutItselfWhatAPodGets() {
        create(
                "{apiVersion: vpcresources.k8s.aws/v1beta1, kind: SecurityGroupPolicy, metadata: {name: s, namespace: team},"
                        + " spec: {podSelector: {matchLabels: {app: api}}, securityGroups: {groupIds:"
                        + " [sg-api]}}}");

        var pod =
                (Pod)
                        create(
                                """
                                apiVersion: v1
                                kind: Pod
                                metadata:
                                  name: claims
                                  namespace: team
                                  labels: {app: api}
                                  annotations:
                                    CapacityProvisioned: 16vCPU 120GB
                                    fargate.amazonaws.com/pod-sg: sg-of-another
                                spec:
                                  schedulerName: fargate-scheduler
                                  automountServiceAccountToken: false
                                  containers: [{name: c, image: i}]
                                """);

        await().untilAsserted(() -> assertThat(node(pod)).isNotNull());
        assertThat(machine(pod).getSpec().size().milliCpu()).isEqualTo(250);
        assertThat(machine(pod).getSpec().network().securityGroups()).containsExactly("sg-api");
        var told = client.resource(pod).get().getMetadata();
        assertThat(told.getAnnotations())
                .containsEntry("CapacityProvisioned", "0.25vCPU 0.5GB")
                .containsEntry("fargate.amazonaws.com/pod-sg", "sg-api");
        assertThat(told.getLabels()).containsEntry("eks.amazonaws.com/fargate-profile", "team");
    }

    /// The binding says which version of the pod was judged.
    @Test
    @Order(6)
    void bindsNoPodThatWasEditedSinceItWasJudged() {
        var judged =
                (Pod)
                        create(
                                "{apiVersion: v1, kind: Pod, metadata: {name: edited, namespace: shop}, spec: {schedulerName: other,"
                                        + " automountServiceAccountToken: false, containers: [{name: c, image: i}]}}");
        client.resource(judged)
                .edit(found -> {
                    found.getMetadata().setLabels(Map.of("tier", "db"));
                    return found;
                });
        var api = new KubernetesPlacementApi(client, Clocks.ofProcess());
        var machine = client.resources(Machine.class).list().getItems().getFirst();

        assertThat(api.bind(judged, machine)).isFalse();
        assertThat(node(judged)).isNull();
    }

    @Test
    @Order(7)
    void tellsThePodWhyLoggingIsDisabledByAnnotationAndEvent() {
        create("{apiVersion: v1, kind: Namespace, metadata: {name: aws-observability}}");
        create(
                "{apiVersion: v1, kind: ConfigMap, metadata: {name: aws-logging, namespace:"
                        + " aws-observability}, data: {output.conf: \"[OUTPUT]\\n  Name s3\\n  Match *\"}}");
        await().until(() -> cluster.logging() instanceof PodLogging.Invalid);

        var pod =
                (Pod)
                        create(
                                "{apiVersion: v1, kind: Pod, metadata: {name: quiet, namespace: team},"
                                        + " spec: {schedulerName: fargate-scheduler,"
                                        + " automountServiceAccountToken: false, containers: [{name: c, image: i}]}}");

        await().untilAsserted(() ->
                assertThat(events("quiet"))
                        .filteredOn(event -> event.getReason().equals("LoggingDisabled"))
                        .singleElement()
                        .satisfies(event -> {
                            assertThat(event.getType()).isEqualTo("Warning");
                            assertThat(event.getMessage())
                                    .startsWith(
                                            "Disabled logging for pod due to invalid configmap. s3"
                                                    + " is not a supported output plugin. Please fix"
                                                    + " the logging configmap: data[output.conf]"
                                                    + " line 2: supported are");
                        }));
        assertThat(client.resource(pod).get().getMetadata().getAnnotations())
                .containsEntry("Logging", "LoggingDisabled: LOGGING_CONFIGMAP_INVALID");
        assertThat(machine("quiet").getSpec().logging()).isNull();
    }

    @Test
    @Order(8)
    void givesTheMachineOfAPodWhatItKeepsOfTheLoggingConfiguration() {
        var output = "[OUTPUT]\n  Name es\n  Match *";
        var map =
                client.configMaps().inNamespace("aws-observability").withName("aws-logging").get();
        map.setData(Map.of("output.conf", output, "mine", "x"));
        client.resource(map).update();
        await().until(() -> cluster.logging() instanceof PodLogging.Enabled);

        var pod =
                (Pod)
                        create(
                                "{apiVersion: v1, kind: Pod, metadata: {name: loud, namespace: team},"
                                        + " spec: {schedulerName: fargate-scheduler,"
                                        + " automountServiceAccountToken: false, containers: [{name: c, image: i}]}}");

        await().untilAsserted(() ->
                assertThat(events("loud"))
                        .filteredOn(event -> event.getReason().equals("LoggingEnabled"))
                        .singleElement()
                        .satisfies(event -> {
                            assertThat(event.getType()).isEqualTo("Normal");
                            assertThat(event.getMessage())
                                    .isEqualTo("Successfully enabled logging for pod");
                        }));
        assertThat(client.resource(pod).get().getMetadata().getAnnotations())
                .containsEntry("Logging", "LoggingEnabled");
        assertThat(machine("loud").getSpec().logging()).isEqualTo(Map.of("output.conf", output));
    }

    /// A role that is a name only blocks nothing; and who runs already runs on.
    @Test
    @Order(9)
    void launchesNothingWhileTheRoleDoesNotTrustFargateAndThenWhatWaits() {
        var before = bank("before");
        await().untilAsserted(() -> assertThat(node(before)).isNotNull());

        client.resource(TestRoles.pods("ec2")).create();
        await().until(() -> cluster.roles().size() == 1);
        var blocked = bank("blocked");
        var message =
                "Misconfigured Fargate Profile: fargate profile bank blocked for new launches due"
                        + " to: Failed to assume PodExecutionRole; Please make sure the role exists"
                        + " and trusts the eks-fargate-pods.amazonaws.com service principal ("
                        + TestRoles.UNTRUSTED
                        + ")";
        await().untilAsserted(() ->
                assertThat(events("blocked"))
                        .filteredOn(event -> event.getReason().equals("FailedScheduling"))
                        .extracting(Event::getMessage)
                        .containsOnly(message));
        assertThat(node(blocked)).isNull();
        assertThat(machine(before).getMetadata().getDeletionTimestamp()).isNull();

        client.resource(TestRoles.pods("eks-fargate-pods")).update();
        await().untilAsserted(() -> assertThat(node(blocked)).isNotNull());
    }

    private Pod bank(String name) {
        return (Pod)
                create(
                        "{apiVersion: v1, kind: Pod, metadata: {name: %s, namespace: bank}, spec: {schedulerName: fargate-scheduler, automountServiceAccountToken: false, containers: [{name: c, image: i}]}}"
                                .formatted(name));
    }

    private Machine machine(String pod) {
        return client.resources(Machine.class).list().getItems().stream()
                .filter(machine -> machine.getSpec().pod().name().equals(pod))
                .findFirst()
                .orElseThrow();
    }

    private void awaitReason(String pod, String message) {
        await().untilAsserted(() -> {
            assertThat(events(pod))
                    .anySatisfy(event -> {
                        assertThat(event.getType()).isEqualTo("Warning");
                        assertThat(event.getReason()).isEqualTo("FailedScheduling");
                        assertThat(event.getMessage()).isEqualTo(message);
                        assertThat(event.getSource().getComponent()).isEqualTo("fargate-scheduler");
                    });
            assertThat(read(pod).getStatus().getConditions())
                    .extracting(
                            PodCondition::getType,
                            PodCondition::getStatus,
                            PodCondition::getMessage)
                    .map(Object::toString)
                    .containsExactly("(\"PodScheduled\", \"False\", \"%s\")".formatted(message));
        });
    }

    private static ConditionFactory await() {
        return Awaitility.await().atMost(Duration.ofSeconds(20));
    }

    private List<Event> events(String pod) {
        return client.v1().events().inAnyNamespace().list().getItems().stream()
                .filter(event -> event.getInvolvedObject().getName().equals(pod))
                .toList();
    }

    private Pod read(String pod) {
        return client.pods().inNamespace("shop").withName(pod).get();
    }

    private String node(Pod pod) {
        return client.resource(pod).get().getSpec().getNodeName();
    }

    private Machine machine(Pod pod) {
        return client.resources(Machine.class).withName("m-" + pod.getMetadata().getUid()).get();
    }

    private void delete(String pod) {
        client.pods().inNamespace("shop").withName(pod).withGracePeriod(0).delete();
    }

    private Pod pod(String name, String more) {
        return (Pod)
                create(
                        """
                        apiVersion: v1
                        kind: Pod
                        metadata:
                          name: %s
                          namespace: shop
                          labels: {eks.amazonaws.com/fargate-profile: web}
                        spec:
                          schedulerName: fargate-scheduler
                          automountServiceAccountToken: false
                          containers: [{name: c, image: i}]
                          %s
                        """
                                .formatted(name, more));
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
