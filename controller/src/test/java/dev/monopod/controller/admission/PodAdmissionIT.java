package dev.monopod.controller.admission;

import static dev.monopod.controller.admission.AdmissionRig.pod;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/// What a real API server asks about a pod, and what of the cluster is known by then.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class PodAdmissionIT {
    private AdmissionRig rig;
    private KubernetesClient client;

    @BeforeAll
    void start() throws IOException, InterruptedException {
        rig = AdmissionRig.start();
        client = rig.client();
        rig.activate(
                "web",
                "{selectors: [{namespace: shop}, {namespace: 'team-*'}], subnets: [private-a]}",
                "shop");
    }

    @AfterAll
    void stop() {
        if (rig != null) {
            rig.close();
        }
    }

    /// What another webhook changes afterwards comes back to the first call (`reinvocationPolicy`).
    @Test
    void isAskedOnceAboutAPod() {
        client.resource(pod("shop", "{}", "{}")).create();
        var mutations = calls("pods.mutate.monopod.dev");
        var validations = calls("pods.validate.monopod.dev");

        for (var created = 0; created < 5; created++) {
            client.resource(pod("shop", "{}", "{}")).create();
        }

        assertThat(calls("pods.mutate.monopod.dev") - mutations).isEqualTo(5);
        assertThat(calls("pods.validate.monopod.dev") - validations).isZero();
    }

    /// How often the API server has asked that webhook.
    private long calls(String webhook) {
        return client.raw("/metrics")
                .lines()
                .filter(line ->
                        line.startsWith(
                                        "apiserver_admission_webhook_admission_duration_seconds_count")
                                && line.contains("name=\"%s\"".formatted(webhook)))
                .mapToLong(line -> Long.parseLong(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }

    /// Its own account and namespace are milliseconds old: the watches do not show them yet.
    @Test
    void givesAPodTheRoleOfAnAccountThatWasMadeAMomentAgo() {
        for (var number = 0; number < 10; number++) {
            var namespace = "team-new-" + number;
            create("{apiVersion: v1, kind: Namespace, metadata: {name: %s}}".formatted(namespace));
            create(
                    "{apiVersion: v1, kind: ServiceAccount, metadata: {name: robot, namespace: %s, annotations:"
                                    .formatted(namespace)
                            + " {eks.amazonaws.com/role-arn: 'arn:aws:iam::1:role/r'}}}");
            var created =
                    client.resource(pod(namespace, "{app: web-1}", "{serviceAccountName: robot}"))
                            .create();
            assertThat(created.getSpec().getContainers().getFirst().getEnv())
                    .extracting(variable -> variable.getName())
                    .contains("AWS_ROLE_ARN");
        }
    }

    /// It goes to no Fargate node by the scheduler, and no webhook completes it.
    @Test
    void refusesAnUnsupportedPodThatNamesItsNode() {
        var named = "{schedulerName: fargate-scheduler, hostNetwork: true, nodeName: some}";

        assertThatExceptionOfType(KubernetesClientException.class)
                .isThrownBy(() -> client.resource(pod("shop", "{}", named)).create())
                .withMessageContaining("pods.validate.monopod.dev")
                .withMessageContaining("fields not supported: HostNetwork");
    }

    private void create(String yaml) {
        client.resource("---\n" + yaml).create();
    }
}
