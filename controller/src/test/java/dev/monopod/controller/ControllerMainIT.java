package dev.monopod.controller;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.testkit.api.ApiServer;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The controller as a process, against a real API server.
final class ControllerMainIT {
    @TempDir private Path folder;

    @Test
    void endsWellOnSigtermAndGivesItsLeaseBack() throws IOException, InterruptedException {
        var binary = ApiServer.binary();
        Assumptions.assumeTrue(Files.isExecutable(binary), "no " + binary);
        try (ApiServer apiServer = ApiServer.start(binary);
                KubernetesClient client = apiServer.client()) {
            leadAndEnd(apiServer, client, "one");
            // What was given back can be taken, by another and at once.
            leadAndEnd(apiServer, client, "two");
        }
    }

    private void leadAndEnd(ApiServer apiServer, KubernetesClient client, String identity)
            throws IOException, InterruptedException {
        Path log = folder.resolve(identity + ".log");
        Process controller = ControllerProcess.start(apiServer, 0, identity, log);
        try {
            Awaitility.await()
                    .atMost(Duration.ofSeconds(60))
                    .until(() -> Files.readString(log).contains("leading cluster"));
            assertThat(holder(client)).isEqualTo(identity);

            controller.destroy();

            assertThat(controller.waitFor(10, TimeUnit.SECONDS)).isTrue();
            assertThat(controller.exitValue()).as(Files.readString(log)).isZero();
            assertThat(holder(client)).as(Files.readString(log)).isNullOrEmpty();
        } finally {
            controller.destroyForcibly();
        }
    }

    private static String holder(KubernetesClient client) {
        return client.leases()
                .inNamespace("kube-system")
                .withName("monopod-controller")
                .get()
                .getSpec()
                .getHolderIdentity();
    }
}
