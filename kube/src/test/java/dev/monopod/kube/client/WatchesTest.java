package dev.monopod.kube.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.kube.client.ScriptedApi.Answer;
import dev.monopod.kube.client.ScriptedApi.Request;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.api.model.networking.v1.IPAddress;
import io.fabric8.kubernetes.api.model.networking.v1.Ingress;
import io.fabric8.kubernetes.api.model.networking.v1.IngressClass;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import java.io.IOException;
import java.util.List;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class WatchesTest {
    private static final String EMPTY =
            "{\"kind\":\"List\",\"apiVersion\":\"v1\",\"metadata\":{\"resourceVersion\":\"1\"},\"items\":[]}";

    @Test
    void watchesAKindOnceWhoeverAsksForIt() throws IOException {
        try (var api = new ScriptedApi(_ -> new Answer(200, EMPTY));
                var client = api.client();
                var watches = new Watches(client)) {
            assertThat(watches.of(Pod.class)).isSameAs(watches.of(Pod.class, Selection.ALL));
            assertThat(watches.of(Pod.class, Selection.labelled("a")))
                    .isSameAs(watches.of(Pod.class, Selection.labelled("a")))
                    .isNotSameAs(watches.of(Pod.class, Selection.labelled("b")));
            assertThat(watches.of(Pod.class).start()).isSameAs(watches.of(Pod.class).start());
        }
    }

    @Test
    void asksForEachKindWhereTheApiServerHasIt() throws IOException {
        try (var api = new ScriptedApi(_ -> new Answer(200, EMPTY));
                var client = api.client();
                var watches = new Watches(client)) {
            Stream.of(
                            Service.class,
                            EndpointSlice.class,
                            Ingress.class,
                            IngressClass.class,
                            IPAddress.class,
                            Namespace.class,
                            NetworkPolicy.class,
                            Secret.class)
                    .forEach(type -> watches.of(type).start());

            Awaitility.await()
                    .untilAsserted(() ->
                            assertThat(api.requests())
                                    .extracting(Request::path)
                                    .containsAll(
                                            List.of(
                                                    "/api/v1/services",
                                                    "/apis/discovery.k8s.io/v1/endpointslices",
                                                    "/apis/networking.k8s.io/v1/ingresses",
                                                    "/apis/networking.k8s.io/v1/ingressclasses",
                                                    "/apis/networking.k8s.io/v1/ipaddresses",
                                                    "/api/v1/namespaces",
                                                    "/apis/networking.k8s.io/v1/networkpolicies",
                                                    "/api/v1/secrets")));
        }
    }
}
