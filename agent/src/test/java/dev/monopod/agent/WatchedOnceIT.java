package dev.monopod.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.monopod.agent.pod.scope.PodSettings;
import dev.monopod.agent.pod.worker.FakeHost;
import dev.monopod.agent.pod.worker.PodHost;
import dev.monopod.kube.client.EventRecorder;
import dev.monopod.kube.client.Watches;
import dev.monopod.model.loop.Loops;
import dev.monopod.testkit.api.ApiServer;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// All parts of an agent that watch, over a real API server.
@Timeout(120)
class WatchedOnceIT {
    private static final List<String> KINDS =
            List.of(
                    "/api/v1/namespaces",
                    "/api/v1/nodes",
                    "/api/v1/pods",
                    "/api/v1/services",
                    "/apis/discovery.k8s.io/v1/endpointslices",
                    "/apis/monopod.dev/v1/hosts",
                    "/apis/monopod.dev/v1/machines",
                    "/apis/monopod.dev/v1/prefixlists",
                    "/apis/monopod.dev/v1/securitygroups",
                    "/apis/monopod.dev/v1/subnets",
                    "/apis/monopod.dev/v1/vpcs",
                    "/apis/networking.k8s.io/v1/ingressclasses",
                    "/apis/networking.k8s.io/v1/ingresses",
                    "/apis/networking.k8s.io/v1/ipaddresses",
                    "/apis/networking.k8s.io/v1/networkpolicies");

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

    private PodSettings settings() {
        return new PodSettings(
                directory,
                "192.168.0.4",
                new PodSettings.DnsSettings("10.100.0.10", "cluster.local", Path.of("/dev/null")),
                new PodSettings.VolumeSettings(directory.resolve("nfs.squashfs"), "us-west-2"),
                Duration.ofSeconds(10));
    }

    private AgentOptions options() {
        var options = new AgentOptions();
        options.hostName = "host";
        options.dataDirectory = directory;
        options.runDirectory = directory.resolve("run");
        options.underlayAddress = Optional.of("127.0.0.1");
        return options;
    }

    @Test
    void anAgentWatchesEachKindOnce() throws Exception {
        var binary = ApiServer.binary();
        Assumptions.assumeTrue(Files.isExecutable(binary), "no " + binary);
        var loops = new Loops(Clock.systemUTC(), new Random(1));
        try (var server = ApiServer.start(binary);
                var front = server.front();
                var admin = server.client();
                var client = front.client();
                var fake = new FakeHost(directory);
                var watches = new Watches(client);
                var recorder = new EventRecorder(client, Clock.systemUTC(), loops)) {
            define(admin, "vpcs", "Vpc");
            define(admin, "subnets", "Subnet");
            define(admin, "securitygroups", "SecurityGroup");
            define(admin, "prefixlists", "PrefixList");
            define(admin, "machines", "Machine");
            define(admin, "hosts", "Host");
            try (var vpcs = new VpcWatch(client, watches, fake, options(), loops);
                    var guard = Parts.guard(recorder, watches, options(), loops);
                    var pods =
                            new PodHost(
                                    new PodHost.Api(client, client, recorder, watches),
                                    "host",
                                    new PodHost.Machinery(fake, fake, fake),
                                    fake,
                                    settings(),
                                    loops);
                    var balancing =
                            Parts.loadBalancing(options(), client, watches, recorder, loops)) {
                vpcs.start();
                guard.start();
                pods.start();
                balancing.start();

                await().atMost(Duration.ofMinutes(1))
                        .untilAsserted(() -> assertThat(front.watches()).containsAll(KINDS));
                assertThat(front.watches()).doesNotHaveDuplicates().hasSameSizeAs(KINDS);
            }
        }
    }
}
