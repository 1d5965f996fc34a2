package dev.monopod.controller.admission;

import static dev.monopod.controller.admission.AdmissionRig.pod;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/// ConfigMap `aws-observability/aws-logging` and new pods, with a real API server that asks our
/// webhooks. Contract: "Further pieces of EKS around Fargate", logging.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class LoggingAdmissionIT {
    private static final String VALID = "[OUTPUT]\n  Name es\n  Match *\n";

    private static final String NOT_SERVED = "[OUTPUT]\n  Name es\n  Match *\n  Generate_ID On\n";

    private AdmissionRig rig;
    private KubernetesClient client;

    @BeforeAll
    void start() throws IOException, InterruptedException {
        rig = AdmissionRig.start();
        client = rig.client();
        client.resource(
                        new NamespaceBuilder()
                                .withNewMetadata()
                                .withName("aws-observability")
                                .addToLabels("aws-observability", "enabled")
                                .endMetadata()
                                .build())
                .create();
        rig.activate("web", "{selectors: [{namespace: shop}], subnets: [private-a]}", "shop");
    }

    @AfterAll
    void stop() {
        if (rig != null) {
            rig.close();
        }
    }

    @Test
    void tellsEachNewPodWhatTheConfigMapBroughtIt() {
        awaitTold("LoggingDisabled: LOGGING_CONFIGMAP_NOT_FOUND");

        var stored = client.resource(map("aws-logging", VALID)).create();
        awaitTold("LoggingEnabled");

        stored.setData(Map.of("output.conf", NOT_SERVED));
        stored = client.resource(stored).update();
        awaitTold("LoggingDisabled: LOG_DELIVERY_NOT_IMPLEMENTED");

        stored.setData(Map.of("output.conf", "[OUTPUT]\n  Name s3\n  Match *"));
        stored = client.resource(stored).update();
        awaitTold("LoggingDisabled: LOGGING_CONFIGMAP_INVALID");

        client.resource(stored).delete();
        awaitTold("LoggingDisabled: LOGGING_CONFIGMAP_NOT_FOUND");
    }

    @Test
    void refusesAConfigMapThatIsTooLargeInEksWords() {
        assertThatExceptionOfType(KubernetesClientException.class)
                .isThrownBy(() ->
                        client.resource(map("aws-logging", VALID + "#".repeat(5300)))
                                .dryRun()
                                .create())
                .withMessageContaining(
                        "denied the request: Config map has too many chars. data: %d characters,"
                                        .formatted(VALID.length() + 5300)
                                + " at most 5300");
    }

    @Test
    void warnsWhoWritesWhatDisablesLogging() throws Exception {
        assertThat(warnings(map("aws-logging", "[OUTPUT]\n  Name s3\n[INPUT]\n  Name tail")))
                .anySatisfy(warning ->
                        assertThat(warning)
                                .contains("data[output.conf] line 1: Match is required for each"))
                .anySatisfy(warning ->
                        assertThat(warning).contains("s3 is not a supported output plugin"))
                .anySatisfy(warning ->
                        assertThat(warning).contains("[INPUT] is not allowed in output.conf"));
    }

    @Test
    void warnsOfWhatEksWouldServeAndMonopodDoesNot() throws Exception {
        assertThat(warnings(map("aws-logging", VALID))).isEmpty();
        assertThat(warnings(map("aws-logging", NOT_SERVED)))
                .singleElement()
                .asString()
                .contains("where EKS would enable it: data[output.conf] line 4")
                .contains("Monopod does not serve it");
    }

    @Test
    void asksAboutNoOtherConfigMap() throws Exception {
        assertThat(warnings(map("other", "[INPUT]" + "#".repeat(6000)))).isEmpty();
    }

    private void awaitTold(String annotation) {
        Awaitility.await()
                .atMost(Duration.ofSeconds(20))
                .untilAsserted(() ->
                        assertThat(
                                        client.resource(pod("shop", "{}", "{}"))
                                                .dryRun()
                                                .create()
                                                .getMetadata()
                                                .getAnnotations())
                                .containsEntry("Logging", annotation));
    }

    /// Of a creation that stores nothing.
    private List<String> warnings(ConfigMap map) throws Exception {
        var request =
                client.getHttpClient()
                        .newHttpRequestBuilder()
                        .uri(
                                client.getMasterUrl()
                                        + "api/v1/namespaces/aws-observability/configmaps?dryRun=All")
                        .post("application/json", Serialization.asJson(map))
                        .build();
        var response = client.getHttpClient().sendAsync(request, String.class).get();
        assertThat(response.code()).as(response.bodyString()).isEqualTo(201);
        return response.headers("Warning");
    }

    private static ConfigMap map(String name, String output) {
        return new ConfigMapBuilder()
                .withNewMetadata()
                .withNamespace("aws-observability")
                .withName(name)
                .endMetadata()
                .addToData("output.conf", output)
                .build();
    }
}
