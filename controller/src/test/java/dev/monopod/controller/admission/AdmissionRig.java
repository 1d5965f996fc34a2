package dev.monopod.controller.admission;

import dev.monopod.controller.TestRoles;
import dev.monopod.controller.crd.CrdInstaller;
import dev.monopod.kube.api.FargateProfile;
import dev.monopod.kube.api.FargateProfileStatus;
import dev.monopod.kube.api.FargateProfileStatus.Phase;
import dev.monopod.kube.api.Subnet;
import dev.monopod.kube.api.Vpc;
import dev.monopod.kube.client.Watches;
import dev.monopod.model.loop.Loops;
import dev.monopod.model.profile.ProfileQuota;
import dev.monopod.model.size.MemoryOverhead;
import dev.monopod.testkit.api.ApiServer;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Assumptions;

/// A real API server that asks our webhooks, with a VPC, two subnets and three namespaces whose
/// default accounts have a role.
record AdmissionRig(
        ApiServer apiServer,
        KubernetesClient client,
        Watches watches,
        AdmissionServer admission,
        WebhookInstaller installer)
        implements AutoCloseable {
    /// The next after those of [ApiServer].
    private static final int PORT = Integer.getInteger("monopod.test.port", 21_010) + 3;

    static AdmissionRig start() throws IOException, InterruptedException {
        var binary = ApiServer.binary();
        Assumptions.assumeTrue(Files.isExecutable(binary), "no " + binary);
        var apiServer = ApiServer.start(binary);
        var client = apiServer.client();
        new CrdInstaller(client).install(Duration.ofSeconds(30));
        var watches = new Watches(client);
        var reads = new KubernetesReads(client, watches);
        reads.start();
        var admission =
                new AdmissionServer(
                        new InetSocketAddress("127.0.0.1", PORT),
                        apiServer.pki("webhook.crt"),
                        apiServer.pki("webhook.key"),
                        AdmissionServer.Webhooks.of(
                                reads,
                                new AdmissionSettings(
                                        "us-west-2",
                                        MemoryOverhead.EKS_256_MIB,
                                        ProfileQuota.OF_EKS,
                                        TestRoles.OPTIONAL)),
                        new Loops(Clock.systemUTC(), new Random()));
        admission.start();
        var authority = Files.readString(apiServer.pki("webhook-ca.crt"));
        var installer =
                new WebhookInstaller(
                        client,
                        new WebhookConfigurations(
                                () ->
                                        new WebhookEndpoint.Url(
                                                "https://127.0.0.1:" + PORT, authority),
                                "kube-system"));
        var rig = new AdmissionRig(apiServer, client, watches, admission, installer);
        rig.fill();
        return rig;
    }

    private void fill() {
        for (String namespace : List.of("shop", "team-a", "other")) {
            client.resource(
                            new NamespaceBuilder()
                                    .withNewMetadata()
                                    .withName(namespace)
                                    .endMetadata()
                                    .build())
                    .create();
            client.resource(
                            new ServiceAccountBuilder()
                                    .withNewMetadata()
                                    .withNamespace(namespace)
                                    .withName("default")
                                    .addToAnnotations(
                                            "eks.amazonaws.com/role-arn", "arn:aws:iam::1:role/r")
                                    .endMetadata()
                                    .build())
                    .create();
        }
        installer.install(List.of());
        create(Vpc.class, "Vpc", "default", "{cidrs: [192.168.0.0/16], region: us-west-2}");
        create(
                Subnet.class,
                "Subnet",
                "public-a",
                "{vpc: default, cidr: 192.168.0.0/19, zone: us-west-2a, routes: [{destination:"
                        + " 0.0.0.0/0, target: igw}]}");
        create(
                Subnet.class,
                "Subnet",
                "private-a",
                "{vpc: default, cidr: 192.168.96.0/19, zone: us-west-2a}");
    }

    /// Returns when the API server asks about pods of this namespace, which the profile selects.
    void activate(String name, String spec, String namespace) {
        FargateProfile profile = create(FargateProfile.class, "FargateProfile", name, spec);
        profile.setStatus(new FargateProfileStatus(Phase.ACTIVE, null, null, null, null));
        client.resource(profile).updateStatus();
        installer.install(client.resources(FargateProfile.class).list().getItems());
        Awaitility.await()
                .atMost(Duration.ofSeconds(20))
                .until(() ->
                        "fargate-scheduler"
                                .equals(
                                        client.resource(pod(namespace, "{}", "{}"))
                                                .dryRun()
                                                .create()
                                                .getSpec()
                                                .getSchedulerName()));
    }

    <T extends HasMetadata> T create(Class<T> type, String kind, String name, String spec) {
        return client.resource(FixedReads.read(kind, name, spec, type)).create();
    }

    /// Not created yet.
    static Pod pod(String namespace, String labels, String spec) {
        Pod pod =
                Serialization.unmarshal(
                        "---\n{apiVersion: v1, kind: Pod, metadata: {generateName: p-, namespace: %s,"
                                        .formatted(namespace)
                                + " labels: %s}, spec: %s}".formatted(labels, spec),
                        Pod.class);
        return new PodBuilder(pod)
                .editSpec()
                .addNewContainer()
                .withName("c")
                .withImage("image")
                .endContainer()
                .endSpec()
                .build();
    }

    @Override
    public void close() {
        admission.close();
        watches.close();
        client.close();
        apiServer.close();
    }
}
