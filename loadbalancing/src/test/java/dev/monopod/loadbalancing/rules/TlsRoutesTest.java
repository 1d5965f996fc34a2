package dev.monopod.loadbalancing.rules;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.loadbalancing.rules.Backend.Behaviour;
import dev.monopod.loadbalancing.rules.GatewayPlan.State;
import dev.monopod.loadbalancing.rules.Listener.Protocol;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.Gateway;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class TlsRoutesTest {
    private final FixedInventory inventory = new FixedInventory();

    /// @param listeners YAML of the list
    private Gateways with(String listeners, TlsRoute... routes) {
        var gateway =
                Serialization.unmarshal(
                        """
                        metadata: {name: gw, namespace: shop}
                        spec: {gatewayClassName: alb, listeners: %s}
                        """
                                .formatted(listeners),
                        Gateway.class);
        inventory.gateways =
                new GatewayObjects(
                        List.of(FixedInventory.gatewayClass()),
                        List.of(gateway),
                        List.of(),
                        List.of(),
                        List.of(routes),
                        List.of());
        return new Gateways(inventory);
    }

    private static TlsRoute route(String hostname, String references) {
        return Serialization.unmarshal(
                """
                metadata: {name: r, namespace: shop}
                spec:
                  parentRefs: [{name: gw}]
                  hostnames: ["%s"]
                  rules: [{backendRefs: %s}]
                """
                        .formatted(hostname, references),
                TlsRoute.class);
    }

    private static GatewayPlan plan(Gateways gateways) {
        return gateways.of(gateways.ours().getFirst(), "1.2.3.4");
    }

    private static List<String> statuses(Gateways gateways) {
        return words(gateways.routes().getFirst().parents().getFirst().conditions());
    }

    private static List<String> words(List<State> states) {
        return states.stream()
                .map(state -> state.type() + " " + state.truth() + " " + state.reason())
                .toList();
    }

    @Test
    void leadsByTheNameThatConnectionsAskForAndClosesTheOthers() {
        inventory.services.add(FixedInventory.service("web", "ClusterIP", Map.of()));
        var gateways =
                with(
                        "[{name: tls, port: 443, protocol: TLS, hostname: \"*.example.com\","
                                + " tls: {mode: Passthrough}}]",
                        route("a.example.com", "[{name: web, port: 80}]"));

        var listener = plan(gateways).balancer().listeners().getFirst();

        assertThat(listener.protocol()).isEqualTo(Protocol.PASSTHROUGH);
        assertThat(listener.fallback()).isEqualTo("closed");
        assertThat(listener.rules())
                .extracting(rule -> rule.matches() + " " + rule.backend().equals("closed"))
                .containsExactly(
                        "[Sni[name=a.example.com]] false", "[SniBelow[suffix=.example.com]] true");
        assertThat(plan(gateways).listeners().getFirst().kinds()).containsExactly("TLSRoute");
        assertThat(plan(gateways).listeners().getFirst().attachedRoutes()).isEqualTo(1);
        assertThat(statuses(gateways))
                .containsExactly("Accepted TRUE Accepted", "ResolvedRefs TRUE ResolvedRefs");
    }

    @Test
    void closesConnectionsForAServiceThatIsMissingAndSaysSo() {
        var gateways =
                with(
                        "[{name: tls, port: 443, protocol: TLS, tls: {mode: Passthrough}}]",
                        route("a.example.com", "[{name: gone, port: 80}]"));

        assertThat(plan(gateways).balancer().backends())
                .filteredOn(each -> each.name().startsWith("r-"))
                .extracting(Backend::behaviour)
                .containsExactly(new Behaviour.Close());
        assertThat(statuses(gateways))
                .containsExactly("Accepted TRUE Accepted", "ResolvedRefs FALSE BackendNotFound");
    }

    @Test
    void attachesToNoListenerThatReadsRequestsAndToNoneWithoutItsName() {
        assertThat(
                        statuses(
                                with(
                                        "[{name: http, port: 80, protocol: HTTP}]",
                                        route("a.example.com", "[]"))))
                .contains("Accepted FALSE NotAllowedByListeners");
        assertThat(
                        statuses(
                                with(
                                        "[{name: tls, port: 443, protocol: TLS, hostname:"
                                                + " b.example.com, tls: {mode: Passthrough}}]",
                                        route("a.example.com", "[]"))))
                .contains("Accepted FALSE NoMatchingListenerHostname");
    }

    @Test
    void aListenerThatShouldEndTlsIsNotAccepted() {
        var plan = plan(with("[{name: tls, port: 443, protocol: TLS, tls: {mode: Terminate}}]"));

        assertThat(plan.balancer().listeners()).isEmpty();
        assertThat(words(plan.listeners().getFirst().conditions()))
                .contains("Accepted FALSE UnsupportedValue");
    }
}
