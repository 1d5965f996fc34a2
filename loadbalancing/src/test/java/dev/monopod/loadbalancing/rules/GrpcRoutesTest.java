package dev.monopod.loadbalancing.rules;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.loadbalancing.rules.Backend.Behaviour;
import dev.monopod.loadbalancing.rules.Backend.HttpVersion;
import dev.monopod.loadbalancing.rules.GatewayPlan.State;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.GRPCRoute;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.Gateway;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRoute;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class GrpcRoutesTest {
    private static final String GATEWAY =
            """
            metadata: {name: gw, namespace: shop}
            spec:
              gatewayClassName: alb
              listeners: [{name: http, port: 80, protocol: HTTP}]
            """;

    private final FixedInventory inventory = new FixedInventory();
    private final List<GRPCRoute> grpc = new ArrayList<>();
    private final List<HTTPRoute> http = new ArrayList<>();

    /// @param rules YAML of the list
    private void route(String name, String created, String hostname, String rules) {
        grpc.add(Serialization.unmarshal(yaml(name, created, hostname, rules), GRPCRoute.class));
    }

    private static String yaml(String name, String created, String hostname, String rules) {
        return """
        metadata: {name: %s, namespace: shop, creationTimestamp: "%s"}
        spec: {parentRefs: [{name: gw}], hostnames: ["%s"], rules: %s}
        """
                .formatted(name, created, hostname, rules);
    }

    private Gateways gateways() {
        inventory.gateways =
                new GatewayObjects(
                        List.of(FixedInventory.gatewayClass()),
                        List.of(Serialization.unmarshal(GATEWAY, Gateway.class)),
                        http,
                        grpc,
                        List.of(),
                        List.of());
        return new Gateways(inventory);
    }

    private GatewayPlan plan() {
        var gateways = gateways();
        return gateways.of(gateways.ours().getFirst(), "1.2.3.4");
    }

    private Map<String, List<String>> statuses() {
        return gateways().routes().stream()
                .collect(
                        java.util.stream.Collectors.toMap(
                                plan -> plan.route().getMetadata().getName(),
                                plan ->
                                        plan.parents().getFirst().conditions().stream()
                                                .map(GrpcRoutesTest::words)
                                                .toList()));
    }

    private static String words(State state) {
        return state.type() + " " + state.truth() + " " + state.reason();
    }

    @Test
    void readsServicesAndMethodsAsPathsTheMoreSpecificFirst() {
        inventory.services.add(FixedInventory.service("web", "ClusterIP", Map.of()));
        route(
                "r",
                "2026-01-01T00:00:00Z",
                "g.example.com",
                """
                [{matches: [{method: {method: Ping}}, {}, {method: {service: a.B}},
                  {method: {service: a.B, method: C}}, {headers: [{name: x, value: y}]},
                  {method: {type: RegularExpression, service: "a[.]B+", method: C}}],
                  backendRefs: [{name: web, port: 80}]}]
                """);

        assertThat(plan().balancer().listeners().getFirst().rules())
                .extracting(rule ->
                        rule.matches().stream().skip(1).map(Object::toString).toList().toString())
                .containsExactly(
                        "[PathExact[path=/a.B/C]]",
                        "[PathPrefix[path=/a.B]]",
                        "[PathExpression[expression=^/(?:a[.]B+)/(?:C)$]]",
                        "[PathExpression[expression=^/[^/]+/Ping$]]",
                        "[Header[name=x, value=y, comparison=EXACT]]",
                        "[]");
        assertThat(plan().listeners().getFirst().kinds()).containsExactly("HTTPRoute", "GRPCRoute");
        assertThat(plan().listeners().getFirst().attachedRoutes()).isEqualTo(1);
    }

    @Test
    void speaksHttp2WithTargetsAndIsUnavailableWhereThereAreNone() {
        inventory.services.add(FixedInventory.service("web", "ClusterIP", Map.of()));
        route(
                "r",
                "2026-01-01T00:00:00Z",
                "g.example.com",
                "[{backendRefs: [{name: web, port: 80}, {name: gone, port: 80}]}]");

        assertThat(plan().balancer().backends())
                .extracting(Backend::behaviour)
                .anyMatch(each ->
                        each instanceof Behaviour.Pool pool
                                && pool.transport().version() == HttpVersion.HTTP_2)
                .contains(new Behaviour.Answer(503));
        assertThat(statuses().get("r"))
                .containsExactly("Accepted TRUE Accepted", "ResolvedRefs FALSE BackendNotFound");
    }

    @Test
    void ofRoutesOfTwoKindsWithOneHostnameTheOlderAttaches() {
        inventory.services.add(FixedInventory.service("web", "ClusterIP", Map.of()));
        var rules = "[{backendRefs: [{name: web, port: 80}]}]";
        route("younger", "2026-01-02T00:00:00Z", "a.example.com", rules);
        route("elsewhere", "2026-01-02T00:00:00Z", "b.example.org", rules);
        http.add(
                Serialization.unmarshal(
                        yaml("older", "2026-01-01T00:00:00Z", "*.example.com", rules),
                        HTTPRoute.class));

        assertThat(statuses().get("younger")).contains("Accepted FALSE HostnameConflict");
        assertThat(statuses().get("elsewhere")).contains("Accepted TRUE Accepted");
        assertThat(statuses().get("older")).contains("Accepted TRUE Accepted");
        assertThat(plan().listeners().getFirst().attachedRoutes()).isEqualTo(2);
    }

    @Test
    void aRouteThatCantBeReadSaysSoAndLeavesTheOthers() {
        inventory.services.add(FixedInventory.service("web", "ClusterIP", Map.of()));
        route(
                "bad",
                "2026-01-01T00:00:00Z",
                "a.example.com",
                "[{matches: [{method: {service: \"a/.*\\nb\"}}], backendRefs: [{name: web, port: 80}]}]");
        route(
                "costly",
                "2026-01-01T00:00:00Z",
                "b.example.com",
                "[{matches: [{method: {type: RegularExpression, service: \"(a+)+\"}}]}]");
        route(
                "good",
                "2026-01-02T00:00:00Z",
                "c.example.com",
                "[{backendRefs: [{name: web, port: 80}]}]");

        assertThat(statuses().get("bad")).containsExactly("Accepted FALSE UnsupportedValue");
        assertThat(statuses().get("costly")).containsExactly("Accepted FALSE UnsupportedValue");
        assertThat(statuses().get("good"))
                .containsExactly("Accepted TRUE Accepted", "ResolvedRefs TRUE ResolvedRefs");
        assertThat(plan().listeners().getFirst().attachedRoutes()).isEqualTo(1);
    }

    @Test
    void namesOfTwoListsOverlapAsHostsDo() {
        var names = new Hostnames.Names();
        assertThat(names.overlap("")).isFalse();
        names.add("a.b.example.com");
        names.add("*.example.org");

        assertThat(List.of("a.b.example.com", "*.example.com", "*.com", "", "*.example.org"))
                .allMatch(names::overlap);
        assertThat(List.of("x.y.example.org", "*.y.example.org", "*.org")).allMatch(names::overlap);
        assertThat(List.of("example.org", "b.example.com", "*.a.b.example.com", "*.net"))
                .noneMatch(names::overlap);
    }
}
