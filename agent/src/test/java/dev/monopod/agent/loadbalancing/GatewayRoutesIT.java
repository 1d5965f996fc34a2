package dev.monopod.agent.loadbalancing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.loadbalancing.rules.GatewayObjects;
import dev.monopod.loadbalancing.rules.Gateways;
import dev.monopod.loadbalancing.rules.Owner;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.GRPCRoute;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.Gateway;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.GatewayClassBuilder;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRoute;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What users write for a Gateway, as a real HAProxy serves it. Needs root.
final class GatewayRoutesIT {
    private static final Owner OWNER = new Owner(Owner.Kind.GATEWAY, "shop", "web");

    @TempDir Path folder = Path.of("/nonexistent");
    private final FixedCluster cluster = new FixedCluster();

    private void objects(Gateway gateway, List<HTTPRoute> http, List<GRPCRoute> grpc) {
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
                new GatewayObjects(List.of(ours), List.of(gateway), http, grpc, List.of());
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
                                    GRPCRoute.class)));
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
