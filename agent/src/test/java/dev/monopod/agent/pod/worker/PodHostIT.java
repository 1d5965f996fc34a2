package dev.monopod.agent.pod.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.monopod.kube.api.Machine;
import dev.monopod.kube.client.EventRecorder;
import dev.monopod.kube.client.Watches;
import dev.monopod.model.loop.Loops;
import dev.monopod.model.names.Names;
import dev.monopod.testkit.api.ApiServer;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Random;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// An agent that begins on a host with machines, at an API server that knows none of them.
class PodHostIT {
    @TempDir Path directory;

    private static void define(KubernetesClient client, String plural, String kind) {
        client.load(
                        new ByteArrayInputStream(
                                """
                                apiVersion: apiextensions.k8s.io/v1
                                kind: CustomResourceDefinition
                                metadata: {name: %1$s.monopod.dev}
                                spec:
                                  group: monopod.dev
                                  scope: Cluster
                                  names: {plural: %1$s, kind: %2$s}
                                  versions:
                                    - name: v1
                                      served: true
                                      storage: true
                                      schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
                                """
                                        .formatted(plural, kind)
                                        .getBytes(StandardCharsets.UTF_8)))
                .create();
        await().ignoreExceptions()
                .until(() -> client.raw("/apis/monopod.dev/v1/" + plural) != null);
    }

    @Test
    void anEmptyApiServerDestroysNothing() throws Exception {
        var binary = ApiServer.binary();
        Assumptions.assumeTrue(Files.isExecutable(binary), "no " + binary);
        try (var server = ApiServer.start(binary);
                var client = server.client();
                var fake = new FakeHost(directory)) {
            define(client, "machines", "Machine");
            define(client, "hosts", "Host");
            fake.left.add("m-one");
            fake.left.add("m-two");
            Files.createDirectories(directory.resolve("pods/one"));
            Files.createDirectories(directory.resolve("pods/three"));
            var settings = fake.services().settings();
            var loops = new Loops(Clock.systemUTC(), new Random());
            try (var watches = new Watches(client);
                    var recorder = new EventRecorder(client, Clock.systemUTC(), loops);
                    var host =
                            new PodHost(
                                    new PodHost.Api(client, client, recorder, watches),
                                    "host",
                                    new PodHost.Machinery(fake, fake, fake),
                                    fake,
                                    settings,
                                    loops)) {
                host.start();

                assertThat(fake.calls).containsExactly("retain [m-one, m-three, m-two]");
                assertThat(directory.resolve("pods/one")).isDirectory();
                assertThat(directory.resolve("pods/three")).isDirectory();
                assertThat(directory.resolve("cluster-uid"))
                        .content()
                        .contains(
                                client.namespaces()
                                        .withName("kube-system")
                                        .get()
                                        .getMetadata()
                                        .getUid());
            }
        }
    }

    /// A guest may answer late, and the agent may be killed again before.
    @Test
    void keepsTheNodesOfMachinesThatRunBeforeItHasReachedThem() throws Exception {
        var binary = ApiServer.binary();
        Assumptions.assumeTrue(Files.isExecutable(binary), "no " + binary);
        try (var server = ApiServer.start(binary);
                var client = server.client();
                var fake = new FakeHost(directory)) {
            define(client, "machines", "Machine");
            define(client, "hosts", "Host");
            fake.left.add("m-runs");
            fake.left.add("m-unknown");
            client.resource(machine("m-runs")).create();
            client.resource(machine("m-ended")).create();
            var loops = new Loops(Clock.systemUTC(), new Random());
            try (var watches = new Watches(client);
                    var recorder = new EventRecorder(client, Clock.systemUTC(), loops);
                    var host =
                            new PodHost(
                                    new PodHost.Api(client, client, recorder, watches),
                                    "host",
                                    new PodHost.Machinery(fake, fake, fake),
                                    fake,
                                    fake.services().settings(),
                                    loops)) {
                host.start();

                assertThat(fake.kept).containsExactly("m-runs");
            }
        }
    }

    private static Machine machine(String name) {
        var machine = FakeHost.machine();
        machine.setMetadata(
                new ObjectMetaBuilder()
                        .withName(name)
                        .addToLabels(Names.HOST_LABEL, "host")
                        .build());
        return machine;
    }
}
