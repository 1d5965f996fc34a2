package dev.monopod.testkit.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.monopod.testkit.api.ApiFront.Fault;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/// Needs the built control plane.
final class ApiServerIT {
    private static final Path BINARY = Path.of("../dist/monopod-control-plane");

    @Test
    void frontSpeaksForItsClientsAndFailsAsTold() throws IOException {
        assumeTrue(Files.isExecutable(BINARY), "skipped: control-plane/build.sh has not been run");
        try (var server = ApiServer.start(BINARY);
                var front = server.front();
                var client = front.client();
                var informer = client.configMaps().inNamespace("default").inform(null, 0)) {
            var map = new ConfigMapBuilder().withNewMetadata().withName("m").endMetadata().build();
            front.fail("POST", "/configmaps$", new Fault.Answers(503));
            assertThatThrownBy(
                            () -> client.configMaps().inNamespace("default").resource(map).create())
                    .isInstanceOf(KubernetesClientException.class);

            front.mend();
            client.configMaps().inNamespace("default").resource(map).create();

            await().until(() ->
                    informer.getStore().list().stream()
                            .anyMatch(each -> each.getMetadata().getName().equals("m")));
            assertThat(front.asked()).contains("POST /api/v1/namespaces/default/configmaps");
        }
    }
}
