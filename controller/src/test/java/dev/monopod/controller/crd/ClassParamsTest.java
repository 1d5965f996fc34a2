package dev.monopod.controller.crd;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.monopod.loadbalancing.rules.IngressClassParams;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.junit.jupiter.api.Test;

final class ClassParamsTest {
    @Test
    void definesWhatIsRead() {
        var spec = ClassParams.definition().getSpec();
        var kind = ResourceDefinitionContext.fromResourceType(IngressClassParams.class);

        assertThat(spec.getGroup()).isEqualTo(kind.getGroup());
        assertThat(spec.getVersions().getFirst().getName()).isEqualTo(kind.getVersion());
        assertThat(spec.getNames().getKind()).isEqualTo(kind.getKind());
        assertThat(spec.getNames().getPlural()).isEqualTo(kind.getPlural());
        assertThat(kind.isNamespaceScoped()).isFalse();
    }

    @Test
    void readsAwsOwnManifestsWithWhatItDoesNotKnow() {
        var read =
                Serialization.unmarshal(
                        """
                        apiVersion: elbv2.k8s.aws/v1beta1
                        kind: IngressClassParams
                        metadata: {name: trusted}
                        spec:
                          scheme: internal
                          group: {name: all}
                          namespaceSelector: {matchLabels: {team: web}}
                        """,
                        IngressClassParams.class);

        var spec = Objects.requireNonNull(read.getSpec());
        assertThat(read.getMetadata().getName()).isEqualTo("trusted");
        assertThat(Objects.requireNonNull(spec.group()).name()).isEqualTo("all");
        assertThat(Objects.requireNonNull(spec.namespaceSelector()).getMatchLabels())
                .containsEntry("team", "web");
    }

    @Test
    void isListedAsTheApiServerListsIt() throws IOException {
        var answer =
                """
                {"apiVersion":"elbv2.k8s.aws/v1beta1","kind":"IngressClassParamsList","metadata":{},
                 "items":[{"apiVersion":"elbv2.k8s.aws/v1beta1","kind":"IngressClassParams",
                  "metadata":{"name":"trusted"},"spec":{"group":{"name":"all"}}}]}
                """
                        .getBytes(StandardCharsets.UTF_8);
        var server =
                HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext(
                "/apis/elbv2.k8s.aws/v1beta1/ingressclassparams",
                exchange -> {
                    exchange.getResponseHeaders().add("Content-Type", "application/json");
                    exchange.sendResponseHeaders(200, answer.length);
                    exchange.getResponseBody().write(answer);
                    exchange.close();
                });
        server.start();
        var url = "http://127.0.0.1:" + server.getAddress().getPort();
        try (var client =
                new KubernetesClientBuilder()
                        .withConfig(new ConfigBuilder().withMasterUrl(url).build())
                        .build()) {
            assertThat(client.resources(IngressClassParams.class).list().getItems())
                    .extracting(each -> each.getMetadata().getName())
                    .containsExactly("trusted");
        } finally {
            server.stop(0);
        }
    }
}
