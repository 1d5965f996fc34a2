package dev.monopod.controller.scheduling;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.controller.ControllerProcess;
import dev.monopod.kube.api.FargateProfile;
import dev.monopod.kube.api.FargateProfileStatus;
import dev.monopod.kube.api.Machine;
import dev.monopod.model.names.Names;
import dev.monopod.testkit.api.ApiServer;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Two controllers, as processes, and 500 pods: the one that leads is stopped (SIGSTOP) in the
/// middle of them, past its Lease, and resumed in the middle of what the other one places.
@Timeout(300)
final class TwoControllersIT {
    private static final int PODS = 500;
    private static final int HOSTS = 5;

    /// Of pods of a quarter of a processor, for which there is room on a host.
    private static final int ROOM = 110;

    private static final int MILLI_CPU = 250;

    @TempDir private Path folder;

    @Test
    void aControllerThatIsStoppedPastItsLeaseAndResumedGivesNothingTwice()
            throws IOException, InterruptedException {
        var binary = ApiServer.binary();
        Assumptions.assumeTrue(Files.isExecutable(binary), "no " + binary);
        try (var apiServer = ApiServer.start(binary);
                var client = apiServer.client();
                var hosts = new FakeHosts(client)) {
            var first = ControllerProcess.start(apiServer, 0, "first", log("first"));
            var second = first;
            try {
                await().until(() -> says("first", "leading cluster"));
                second = ControllerProcess.start(apiServer, 1, "second", log("second"));
                await().until(() -> says("second", "leader: first"));
                pods(client);
                hosts.start();
                for (int number = 0; number < HOSTS; number++) {
                    hosts.add("host-" + number, ROOM * MILLI_CPU);
                }

                await().until(() -> machines(client).size() > 50);
                signal("STOP", first);
                var stoppedAt = machines(client).size();
                assertThat(stoppedAt).as("machines when it was stopped").isLessThan(PODS);
                await().until(() -> says("second", "leading cluster"));
                await().until(() -> machines(client).size() > stoppedAt);
                assertThat(machines(client)).as("when it is resumed").hasSizeLessThan(PODS);
                signal("CONT", first);

                assertThat(first.waitFor(60, TimeUnit.SECONDS))
                        .as("it ends, since another leads: %s", Files.readString(log("first")))
                        .isTrue();
                await().until(() -> bound(client).size() == PODS);
                await().until(() -> machines(client).size() == PODS);
                nothingIsGivenTwice(client);
                assertThat(second.isAlive()).isTrue();
            } finally {
                first.destroyForcibly().waitFor();
                second.destroyForcibly().waitFor();
            }
        }
    }

    private void pods(KubernetesClient client) {
        client.resource("---\n{apiVersion: v1, kind: Namespace, metadata: {name: shop}}").create();
        client.resource(
                        "---\n{apiVersion: v1, kind: ServiceAccount, metadata: {name: default,"
                                + " namespace: shop}}")
                .create();
        var profile =
                Serialization.unmarshal(
                        "---\n{apiVersion: monopod.dev/v1, kind: FargateProfile, metadata: {name: web},"
                                + " spec: {selectors: [{namespace: shop}], subnets: [private-a, private-b]}}",
                        FargateProfile.class);
        client.resource(profile).create();
        await().until(() ->
                client.resource(profile).get().getStatus() instanceof FargateProfileStatus status
                        && status.phase() == FargateProfileStatus.Phase.ACTIVE);
        IntStream.range(0, PODS)
                .parallel()
                .forEach(number ->
                        client.resource(
                                        """
                                        apiVersion: v1
                                        kind: Pod
                                        metadata: {name: pod-%d, namespace: shop}
                                        spec:
                                          automountServiceAccountToken: false
                                          containers: [{name: c, image: i}]
                                        """
                                                .formatted(number))
                                .create());
    }

    private static void nothingIsGivenTwice(KubernetesClient client) {
        var machines = machines(client);
        assertThat(machines.stream().map(it -> it.getSpec().network().address()).toList())
                .doesNotHaveDuplicates();
        assertThat(machines.stream().map(it -> it.getSpec().pod().name()).toList())
                .doesNotHaveDuplicates();
        for (int number = 0; number < HOSTS; number++) {
            var host = "host-" + number;
            assertThat(machines.stream().filter(it -> it.getSpec().host().equals(host)).count())
                    .as("machines of %s", host)
                    .isLessThanOrEqualTo(ROOM);
        }
        var nodes = new HashSet<String>();
        for (var pod : bound(client)) {
            var name = Names.machine(pod.getMetadata().getUid());
            var own =
                    machines.stream()
                            .filter(it -> it.getMetadata().getName().equals(name))
                            .findAny();
            assertThat(own).as("the machine of %s", pod.getMetadata().getName()).isPresent();
            assertThat(pod.getSpec().getNodeName()).isEqualTo(own.get().getSpec().nodeName());
            assertThat(nodes.add(pod.getSpec().getNodeName())).isTrue();
        }
    }

    private static ConditionFactory await() {
        return Awaitility.await()
                .atMost(Duration.ofSeconds(120))
                .pollInterval(Duration.ofMillis(200))
                .ignoreException(KubernetesClientException.class);
    }

    private static List<Machine> machines(KubernetesClient client) {
        return client.resources(Machine.class).list().getItems();
    }

    private static List<Pod> bound(KubernetesClient client) {
        return client.pods().inNamespace("shop").list().getItems().stream()
                .filter(pod -> pod.getSpec().getNodeName() != null)
                .toList();
    }

    private static void signal(String signal, Process process)
            throws IOException, InterruptedException {
        var kill = new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid())).start();
        assertThat(kill.waitFor()).isZero();
    }

    private Path log(String controller) {
        return folder.resolve(controller + ".log");
    }

    private boolean says(String controller, String words) throws IOException {
        return Files.readString(log(controller)).contains(words);
    }
}
