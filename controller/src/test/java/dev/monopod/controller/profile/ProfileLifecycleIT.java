package dev.monopod.controller.profile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.controller.ClusterView;
import dev.monopod.controller.crd.CrdInstaller;
import dev.monopod.kube.api.FargateProfile;
import dev.monopod.kube.api.FargateProfileStatus;
import dev.monopod.kube.api.FargateProfileStatus.Phase;
import dev.monopod.model.loop.Loops;
import dev.monopod.model.names.Names;
import dev.monopod.model.profile.ProfileQuota;
import dev.monopod.testkit.api.ApiServer;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.MutatingWebhookConfigurationBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/// The life of profiles against a real API server; admission only notes what it saw.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class ProfileLifecycleIT {
    private final List<Phase> seenByAdmission = new CopyOnWriteArrayList<>();
    private final AtomicInteger admissions = new AtomicInteger();
    private final AtomicInteger failures = new AtomicInteger();
    private ApiServer apiServer;
    private KubernetesClient client;
    private ClusterView cluster;
    private ProfileLifecycle lifecycle;

    @BeforeAll
    void start() throws IOException, InterruptedException {
        var binary = ApiServer.binary();
        Assumptions.assumeTrue(Files.isExecutable(binary), "no " + binary);
        apiServer = ApiServer.start(binary);
        client = apiServer.client();
        new CrdInstaller(client).install(Duration.ofSeconds(30));
        cluster = new ClusterView(client);
        cluster.startAll();
        lifecycle =
                new ProfileLifecycle(
                        client,
                        cluster,
                        new ProfileLifecycle.Arn("us-west-2", "000000000000", "monopod"),
                        ProfileQuota.OF_EKS,
                        this::admission,
                        new Loops(InstantSource.system(), new Random()));
        lifecycle.start();
    }

    @AfterAll
    void stop() {
        if (lifecycle != null) {
            lifecycle.close();
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
    void leadsAProfileThroughItsLife() {
        client.resource(
                        """
                        apiVersion: monopod.dev/v1
                        kind: FargateProfile
                        metadata: {name: web}
                        spec: {selectors: [{namespace: shop}], subnets: [private-a]}
                        """)
                .create();
        await(Phase.CREATE_FAILED);
        assertThat(status().message()).contains("The subnet ID 'private-a' does not exist");

        failures.set(1);
        client.resource(
                        """
                        apiVersion: monopod.dev/v1
                        kind: Vpc
                        metadata: {name: default}
                        spec: {cidrs: [192.168.0.0/16], region: us-west-2}
                        """)
                .create();
        client.resource(
                        """
                        apiVersion: monopod.dev/v1
                        kind: Subnet
                        metadata: {name: private-a}
                        spec: {vpc: default, cidr: 192.168.96.0/19, zone: us-west-2a}
                        """)
                .create();

        await(Phase.ACTIVE);
        assertThat(status().message()).isNull();
        assertThat(seenByAdmission).contains(Phase.CREATING);
        assertThat(failures).hasNonPositiveValue();

        client.resources(FargateProfile.class).withName("web").delete();
        Awaitility.await()
                .atMost(Duration.ofSeconds(30))
                .until(() -> client.resources(FargateProfile.class).withName("web").get() == null);
    }

    /// What anyone removes is put there again, without a profile that changes.
    @Test
    void bringsAdmissionBackInStepWhenItIsRemoved() {
        var installed =
                new MutatingWebhookConfigurationBuilder()
                        .withNewMetadata()
                        .withName(Names.WEBHOOKS)
                        .withLabels(Names.LABELS)
                        .endMetadata()
                        .build();
        var before = admissions.get();
        client.resource(installed).create();
        Awaitility.await().until(() -> admissions.get() > before);
        var between = admissions.get();

        client.resource(installed).delete();

        Awaitility.await().until(() -> admissions.get() > between);
    }

    /// The first time that the profile is CREATING it fails: then nothing may become ACTIVE.
    private void admission() {
        admissions.incrementAndGet();
        @Nullable FargateProfile profile =
                client.resources(FargateProfile.class).withName("web").get();
        if (profile == null || profile.getStatus() == null) {
            return;
        }
        var phase = profile.getStatus().phase();
        if (phase == Phase.CREATING && failures.getAndDecrement() > 0) {
            throw new IllegalStateException("admission does not answer");
        }
        seenByAdmission.add(phase);
    }

    private void await(Phase phase) {
        Awaitility.await()
                .atMost(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat(status().phase()).isEqualTo(phase));
    }

    private FargateProfileStatus status() {
        var status = client.resources(FargateProfile.class).withName("web").get().getStatus();
        assertThat(status).isNotNull();
        return status;
    }
}
