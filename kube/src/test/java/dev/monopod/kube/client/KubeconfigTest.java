package dev.monopod.kube.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class KubeconfigTest {
    @TempDir private Path folder;

    @Test
    void actsAsTheUserAndReadsARenewedTokenAtEachRequest() throws IOException {
        List<String> seen = new ArrayList<>();
        var server =
                com.sun.net.httpserver.HttpServer.create(
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext(
                "/",
                exchange -> {
                    var headers = exchange.getRequestHeaders();
                    seen.add(
                            "%s as %s of %s"
                                    .formatted(
                                            headers.getFirst("Authorization"),
                                            headers.getFirst("Impersonate-User"),
                                            headers.get("Impersonate-Group")));
                    var answer = "{}".getBytes(StandardCharsets.UTF_8);
                    exchange.sendResponseHeaders(200, answer.length);
                    exchange.getResponseBody().write(answer);
                    exchange.close();
                });
        server.start();
        try {
            var token = folder.resolve("agent.token");
            Files.writeString(token, "first\n");
            var file = kubeconfig("http://127.0.0.1:" + server.getAddress().getPort());
            try (var client =
                    new KubernetesClientBuilder().withConfig(Kubeconfig.read(file)).build()) {
                client.raw("/version");
                Files.writeString(token, "second\n");
                client.raw("/version");
            }
        } finally {
            server.stop(0);
        }
        assertThat(seen)
                .containsExactly(
                        "Bearer first as monopod:agent:h of [monopod:agents]",
                        "Bearer second as monopod:agent:h of [monopod:agents]");
    }

    private Path kubeconfig(String server) throws IOException {
        return Files.writeString(
                folder.resolve("kubeconfig"),
                """
                apiVersion: v1
                kind: Config
                clusters: [{name: monopod, cluster: {server: "%s"}}]
                users:
                  - {name: other, user: {token: other, as: other}}
                  - {name: agent, user: {tokenFile: agent.token, as: "monopod:agent:h", as-groups: ["monopod:agents"]}}
                contexts: [{name: monopod, context: {cluster: monopod, user: agent}}]
                current-context: monopod
                """
                        .formatted(server));
    }
}
