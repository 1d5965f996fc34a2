package dev.monopod.controller.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.monopod.model.loop.Loops;
import dev.monopod.testkit.api.ApiServer;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Replicas that share one Secret, with a real API server.
final class SharedCertificateIT {
    private static final Instant NOW = Instant.parse("2026-11-30T12:00:00Z");

    private static ApiServer apiServer;
    private static KubernetesClient client;

    @TempDir private Path folder;

    @BeforeAll
    static void start() throws IOException {
        var binary = ApiServer.binary();
        Assumptions.assumeTrue(Files.isExecutable(binary), "no " + binary);
        apiServer = ApiServer.start(binary);
        client = apiServer.client();
    }

    @AfterAll
    static void stop() {
        if (apiServer != null) {
            client.close();
            apiServer.close();
        }
    }

    @Test
    void replicasThatBeginTogetherServeOneCertificate() throws Exception {
        secret("together", Map.of());
        var begins = new ArrayList<Callable<String>>();
        for (int i = 0; i < 6; i++) {
            var own = Files.createDirectory(folder.resolve("replica-" + i));
            begins.add(() -> {
                try (var replica = replica("together", own, NOW)) {
                    replica.start();
                    return Files.readString(replica.certificate())
                            + Files.readString(replica.key())
                            + replica.authorities();
                }
            });
        }
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var served = new ArrayList<String>();
            for (var future : threads.invokeAll(begins)) {
                served.add(future.get());
            }
            assertThat(served).hasSize(6).containsOnly(served.getFirst());
        }
        assertThat(data("together")).hasSize(2);
    }

    @Test
    void theFollowingIsAnnouncedBeforeItIsServed() throws IOException {
        secret("renewed", Map.of());
        var due = NOW.plus(CertificatePairs.LIFE).minus(CertificatePairs.RENEWAL);
        String first;
        try (var replica = replica("renewed", folder, NOW)) {
            replica.start();
            first = Files.readString(replica.certificate());
            assertThat(replica.authorities()).isEqualTo(first);
        }
        try (var replica = replica("renewed", folder, due)) {
            replica.start();
            assertThat(Files.readString(replica.certificate())).isEqualTo(first);
            assertThat(replica.authorities()).startsWith(first).isNotEqualTo(first);
        }
        try (var replica = replica("renewed", folder, due.plus(CertificatePairs.ANNOUNCED))) {
            replica.start();
            var served = Files.readString(replica.certificate());
            assertThat(served).isNotEqualTo(first);
            assertThat(replica.authorities()).isEqualTo(first + served);
            // The pair is one that a server takes.
            assertThat(new ServingCertificate(replica.certificate(), replica.key()).context())
                    .isNotNull();
        }
    }

    @Test
    void whatSomebodyWroteIntoItIsReplaced() throws IOException {
        secret("spoilt", Map.of("1.crt", "bm8=", "note", "bm8="));
        try (var replica = replica("spoilt", folder, NOW)) {
            replica.start();
            assertThat(replica.authorities()).contains("BEGIN CERTIFICATE");
        }
        assertThat(data("spoilt").keySet())
                .containsExactlyInAnyOrder(
                        NOW.getEpochSecond() + ".crt", NOW.getEpochSecond() + ".key");
    }

    @Test
    void aSecretThatIsMissingIsNamed() {
        try (var replica = replica("missing", folder, NOW)) {
            assertThatThrownBy(replica::start)
                    .isInstanceOf(KubernetesClientException.class)
                    .hasMessageContaining("default/missing");
        }
    }

    private static SharedCertificate replica(String secret, Path folder, Instant now) {
        return new SharedCertificate(
                client,
                new SharedCertificate.Place("default", secret, "controller"),
                folder,
                new Loops(Clock.systemUTC(), new Random()),
                Clock.fixed(now, ZoneOffset.UTC));
    }

    private static void secret(String name, Map<String, String> data) {
        client.resource(
                        new SecretBuilder()
                                .withNewMetadata()
                                .withName(name)
                                .withNamespace("default")
                                .endMetadata()
                                .withData(data)
                                .build())
                .create();
    }

    private static Map<String, String> data(String name) {
        Secret found = client.secrets().inNamespace("default").withName(name).get();
        found.getData().values().forEach(Base64.getDecoder()::decode);
        return found.getData();
    }
}
