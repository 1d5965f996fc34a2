package dev.monopod.agent.loadbalancing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.loadbalancing.rules.GatewayObjects;
import dev.monopod.loadbalancing.rules.Gateways;
import dev.monopod.loadbalancing.rules.Owner;
import dev.monopod.loadbalancing.rules.TlsRoute;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.GRPCRoute;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.Gateway;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.GatewayClassBuilder;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRoute;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What users write for a Gateway, as a real HAProxy serves it. Needs root.
final class GatewayRoutesIT {
    private static final Owner OWNER = new Owner(Owner.Kind.GATEWAY, "shop", "web");

    @TempDir Path folder = Path.of("/nonexistent");
    private final FixedCluster cluster = new FixedCluster();

    private void objects(
            Gateway gateway, List<HTTPRoute> http, List<GRPCRoute> grpc, List<TlsRoute> tls) {
        var ours =
                new GatewayClassBuilder()
                        .withNewMetadata()
                        .withName("alb")
                        .endMetadata()
                        .withNewSpec()
                        .withControllerName(Gateways.CONTROLLER)
                        .endSpec()
                        .build();
        cluster.gateways =
                new GatewayObjects(List.of(ours), List.of(gateway), http, grpc, tls, List.of());
    }

    @Test
    void leadsCallsOfGrpcByServiceMethodAndHeader() throws IOException {
        try (var network = BalancedNamespace.make(folder)) {
            for (var number = 2; number <= 3; number++) {
                network.address("10.66.1." + number);
                cluster.service("s" + number, "10.66.1." + number, 9000);
            }
            cluster.service("s1", "10.66.1.1", 9000);
            // The first listens last.
            network.server(
                    "10.66.1.1",
                    9000,
                    java("serve", "9000", "10.66.1.1", "10.66.1.2", "10.66.1.3"));
            cluster.certificates.put("web", network.certificate("g.example.com"));
            objects(
                    Serialization.unmarshal(
                            """
                            metadata: {name: web, namespace: shop}
                            spec:
                              gatewayClassName: alb
                              listeners:
                                - {name: http, port: 80, protocol: HTTP}
                                - {name: https, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: web}]}}
                            """,
                            Gateway.class),
                    List.of(),
                    List.of(
                            Serialization.unmarshal(
                                    """
                                    metadata: {name: r, namespace: shop}
                                    spec:
                                      parentRefs: [{name: web}]
                                      hostnames: [g.example.com]
                                      rules:
                                        - matches: [{method: {service: shop.Cart}}]
                                          backendRefs: [{name: s1, port: 80}]
                                        - matches: [{method: {service: shop.Cart, method: Add}}]
                                          backendRefs: [{name: s2, port: 80}]
                                        - matches: [{method: {service: shop.Cart, method: Add}, headers: [{name: variant, value: new}]}]
                                          filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: variant, value: changed}]}}]
                                          backendRefs: [{name: s3, port: 80}]
                                        - matches: [{method: {method: Ping}}]
                                          backendRefs: [{name: s3, port: 80}]
                                        - matches: [{method: {service: shop.Gone}}]
                                          backendRefs: [{name: gone, port: 80}]
                                    """,
                                    GRPCRoute.class)),
                    List.of());
            network.serve(cluster, OWNER);

            assertThat(
                            network.inside(
                                            java(
                                                    call("PLAIN", "80", "shop.Cart/Remove", "old"),
                                                    call("PLAIN", "80", "shop.Cart/Add", "old"),
                                                    call("PLAIN", "80", "shop.Cart/Add", "new"),
                                                    call("PLAIN", "80", "shop.Cart/Ping", "old"),
                                                    call("PLAIN", "80", "desk.Order/Ping", "old"),
                                                    call("PLAIN", "80", "shop.Gone/Add", "old"),
                                                    call("PLAIN", "80", "shop.CartX/Add", "old"),
                                                    call("TLS", "443", "shop.Cart/Add", "new")))
                                    .lines()
                                    .filter(line -> line.startsWith(GrpcProbe.MARK))
                                    .map(line -> line.substring(GrpcProbe.MARK.length())))
                    .containsExactly(
                            "server1 shop.Cart/Remove old",
                            "server2 shop.Cart/Add old",
                            "server3 shop.Cart/Add changed",
                            "server1 shop.Cart/Ping old",
                            "server3 desk.Order/Ping old",
                            "UNAVAILABLE",
                            "UNIMPLEMENTED",
                            "server3 shop.Cart/Add changed");
        }
    }

    @Test
    void answersPreflightRequestsAndTellsBrowsersWhoMayRead() throws IOException {
        try (var network = BalancedNamespace.make(folder)) {
            network.webServer(
                    "10.66.1.1", Map.of("index.html", "page", "strict/index.html", "page"));
            cluster.service("s1", "10.66.1.1", 8080);
            objects(
                    Serialization.unmarshal(
                            """
                            metadata: {name: web, namespace: shop}
                            spec:
                              gatewayClassName: alb
                              listeners: [{name: http, port: 80, protocol: HTTP}]
                            """,
                            Gateway.class),
                    List.of(
                            Serialization.unmarshal(
                                    """
                                    metadata: {name: r, namespace: shop}
                                    spec:
                                      parentRefs: [{name: web}]
                                      rules:
                                        - matches: [{path: {type: PathPrefix, value: /strict}}]
                                          filters:
                                            - type: CORS
                                              cors:
                                                allowOrigins: ["https://*.example.com", "http://a.example.org:8080"]
                                                allowMethods: [GET, PUT]
                                                allowHeaders: [x-a, x-b]
                                                exposeHeaders: [x-c]
                                                maxAge: 60
                                          backendRefs: [{name: s1, port: 80}]
                                        - filters:
                                            - {type: CORS, cors: {allowOrigins: ["*"], allowMethods: ["*"], allowHeaders: ["*"], allowCredentials: true}}
                                          backendRefs: [{name: s1, port: 80}]
                                    """,
                                    HTTPRoute.class)),
                    List.of(),
                    List.of());
            network.serve(cluster, OWNER);

            assertThat(preflight(network, "/strict/", "https://x.example.com"))
                    .contains(
                            "204",
                            "access-control-allow-origin: https://x.example.com",
                            "access-control-allow-methods: GET, PUT",
                            "access-control-allow-headers: x-a, x-b",
                            "access-control-max-age: 60")
                    .doesNotContain("credentials");
            for (var foreign :
                    List.of(
                            "https://x.example.com.evil.example",
                            "http://x.example.com",
                            "https://example.com",
                            "http://a.example.org")) {
                assertThat(preflight(network, "/strict/", foreign))
                        .contains("204")
                        .doesNotContain("access-control");
            }
            assertThat(preflight(network, "/", "http://any.example.net"))
                    .contains(
                            "access-control-allow-origin: http://any.example.net",
                            "access-control-allow-credentials: true",
                            "access-control-allow-methods: PUT",
                            "access-control-allow-headers: x-asked, x-too")
                    .doesNotContain("*");
            assertThat(answer(network, "/strict/", "Origin: http://a.example.org:8080"))
                    .contains(
                            "200",
                            "page",
                            "access-control-allow-origin: http://a.example.org:8080",
                            "access-control-expose-headers: x-c");
            assertThat(answer(network, "/strict/", "Origin: http://evil.example"))
                    .contains("200", "page")
                    .doesNotContain("access-control");
            assertThat(answer(network, "/", "X-None: 1"))
                    .contains("200", "page")
                    .doesNotContain("access-control");
        }
    }

    private static String preflight(BalancedNamespace network, String path, String origin)
            throws IOException {
        return answer(
                network,
                path,
                "Origin: " + origin,
                "Access-Control-Request-Method: PUT",
                "Access-Control-Request-Headers: x-asked, x-too");
    }

    /// Of an OPTIONS request if there is more than one header.
    private static String answer(BalancedNamespace network, String path, String... headers)
            throws IOException {
        var words =
                new ArrayList<>(
                        List.of("curl", "-si", "-X", headers.length > 1 ? "OPTIONS" : "GET"));
        for (var header : headers) {
            words.addAll(List.of("-H", header));
        }
        words.add("http://" + BalancedNamespace.ADDRESS + path);
        return network.inside(words.toArray(String[]::new));
    }

    @Test
    void passesConnectionsOnByTheNameThatTheyAskFor() throws IOException {
        try (var network = BalancedNamespace.make(folder)) {
            network.tlsServer("10.66.1.1", "a.example.com");
            network.tlsServer("10.66.1.2", "b.example.com");
            cluster.service("s1", "10.66.1.1", 8443).service("s2", "10.66.1.2", 8443);
            objects(
                    Serialization.unmarshal(
                            """
                            metadata: {name: web, namespace: shop}
                            spec:
                              gatewayClassName: alb
                              listeners:
                                - {name: tls, port: 443, protocol: TLS, hostname: "*.example.com", tls: {mode: Passthrough}}
                            """,
                            Gateway.class),
                    List.of(),
                    List.of(),
                    List.of(
                            tlsRoute("exact", "a.example.com", "[{name: s1, port: 80}]"),
                            tlsRoute("below", "*.example.com", "[{name: s2, port: 80}]"),
                            tlsRoute("gone", "gone.example.com", "[{name: gone, port: 80}]"),
                            tlsRoute(
                                    "shared",
                                    "shared.example.com",
                                    "[{name: s1, port: 80, weight: 0}, {name: s2, port: 80},"
                                            + " {name: s2, port: 80}]")));
            network.serve(cluster, OWNER);

            assertThat(network.served("a.example.com")).contains("CN = a.example.com");
            assertThat(network.served("A.example.COM")).contains("CN = a.example.com");
            assertThat(network.served("x.y.example.com")).contains("CN = b.example.com");
            assertThat(network.served("shared.example.com")).contains("CN = b.example.com");
            assertThat(network.served("gone.example.com")).doesNotContain("CN =");
            assertThat(network.served("a.example.org")).doesNotContain("CN =");
        }
    }

    private static TlsRoute tlsRoute(String name, String hostname, String references) {
        return Serialization.unmarshal(
                """
                metadata: {name: %s, namespace: shop}
                spec:
                  parentRefs: [{name: web}]
                  hostnames: ["%s"]
                  rules: [{backendRefs: %s}]
                """
                        .formatted(name, hostname, references),
                TlsRoute.class);
    }

    private static String[] call(String mode, String port, String method, String variant) {
        return new String[] {
            "call", mode, BalancedNamespace.ADDRESS, port, "g.example.com", method, variant
        };
    }

    private static String[] java(String[]... parts) {
        var words = new ArrayList<String>();
        for (var part : parts) {
            words.addAll(List.of(part));
        }
        return java(words.toArray(String[]::new));
    }

    /// [GrpcProbe] with this process' classes.
    private static String[] java(String... arguments) {
        var words =
                new ArrayList<>(
                        List.of(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-Xmx128m",
                                "-XX:TieredStopAtLevel=1",
                                "-cp",
                                System.getProperty("java.class.path"),
                                GrpcProbe.class.getName()));
        words.addAll(List.of(arguments));
        return words.toArray(String[]::new);
    }
}
