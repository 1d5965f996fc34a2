package dev.monopod.loadbalancing.rules;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.loadbalancing.rules.GatewayPlan.State;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.Gateway;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.GatewayBuilder;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRoute;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRouteBuilder;
import io.fabric8.kubernetes.api.model.gatewayapi.v1beta1.ReferenceGrant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class GatewaysTest {
    private final FixedInventory inventory = new FixedInventory();
    private final List<ReferenceGrant> grants = new ArrayList<>();

    private static Gateway gateway(String... hostnames) {
        var gateway =
                new GatewayBuilder()
                        .withNewMetadata()
                        .withNamespace("shop")
                        .withName("gw")
                        .endMetadata()
                        .withNewSpec()
                        .withGatewayClassName("alb");
        for (var hostname : hostnames) {
            gateway =
                    gateway.addNewListener()
                            .withName("l-" + hostname)
                            .withHostname(hostname.isEmpty() ? null : hostname)
                            .withPort(80)
                            .withProtocol("HTTP")
                            .endListener();
        }
        return gateway.endSpec().build();
    }

    private static HTTPRoute route(
            String namespace, String service, List<String> hostnames, String... prefixes) {
        var route =
                new HTTPRouteBuilder()
                        .withNewMetadata()
                        .withNamespace(namespace)
                        .withName("r")
                        .endMetadata()
                        .withNewSpec()
                        .withHostnames(hostnames)
                        .addNewParentRef()
                        .withNamespace("shop")
                        .withName("gw")
                        .endParentRef();
        for (var prefix : prefixes) {
            route =
                    route.addNewRule()
                            .addNewMatch()
                            .withNewPath("PathPrefix", prefix)
                            .endMatch()
                            .addNewBackendRef()
                            .withName(service)
                            .withPort(80)
                            .endBackendRef()
                            .endRule();
        }
        return route.endSpec().build();
    }

    private Gateways with(Gateway gateway, HTTPRoute... routes) {
        inventory.gateways =
                new GatewayObjects(
                        List.of(FixedInventory.gatewayClass()),
                        List.of(gateway),
                        List.of(routes),
                        List.of(),
                        List.of(),
                        grants);
        return new Gateways(inventory);
    }

    private static List<String> states(List<State> states) {
        return states.stream()
                .map(state -> state.type() + " " + state.truth() + " " + state.reason())
                .toList();
    }

    @Test
    void putsTheLongestPrefixFirst() {
        inventory.services.add(FixedInventory.service("web", "ClusterIP", Map.of()));
        var gateway = gateway("");

        var plan =
                with(gateway, route("shop", "web", List.of(), "/a", "/", "/a/b"))
                        .of(gateway, "1.2.3.4");

        assertThat(plan.balancer().listeners().getFirst().rules())
                .extracting(rule -> rule.matches().toString())
                .containsExactly("[PathPrefix[path=/a/b]]", "[PathPrefix[path=/a]]", "[]");
        assertThat(plan.listeners().getFirst().attachedRoutes()).isEqualTo(1);
    }

    @Test
    void aRequestForAListenersNameNeverFallsThroughToAnother() {
        inventory.services.add(FixedInventory.service("web", "ClusterIP", Map.of()));
        var gateway = gateway("", "a.example.com");

        var rules =
                with(gateway, route("shop", "web", List.of("*.example.com"), "/"))
                        .of(gateway, "1.2.3.4")
                        .balancer()
                        .listeners()
                        .getFirst()
                        .rules();

        assertThat(rules)
                .extracting(rule -> rule.matches() + " " + rule.backend().startsWith("r-"))
                .containsExactly(
                        "[Host[name=a.example.com]] true",
                        "[Host[name=a.example.com]] false",
                        "[HostBelow[suffix=.example.com, depth=ANY]] true");
    }

    @Test
    void answers500ForAServiceThatIsMissingAndSaysSo() {
        var gateway = gateway("");
        var gateways = with(gateway, route("shop", "gone", List.of(), "/"));

        assertThat(gateways.of(gateway, "1.2.3.4").balancer().backends())
                .extracting(Backend::behaviour)
                .contains(new Backend.Behaviour.Answer(500));
        assertThat(states(gateways.routes().getFirst().parents().getFirst().conditions()))
                .containsExactly("Accepted TRUE Accepted", "ResolvedRefs FALSE BackendNotFound");
    }

    @Test
    void takesNoRouteOfAnotherNamespaceUnlessAllowed() {
        var gateway = gateway("");
        var gateways = with(gateway, route("bank", "web", List.of(), "/"));

        assertThat(states(gateways.routes().getFirst().parents().getFirst().conditions()))
                .contains("Accepted FALSE NotAllowedByListeners");
        assertThat(gateways.of(gateway, "1.2.3.4").listeners().getFirst().attachedRoutes())
                .isZero();
    }

    @Test
    void tellsWhenNoHostnameIsInCommon() {
        var gateway = gateway("a.example.com");
        var gateways = with(gateway, route("shop", "web", List.of("b.example.com"), "/"));

        assertThat(states(gateways.routes().getFirst().parents().getFirst().conditions()))
                .contains("Accepted FALSE NoMatchingListenerHostname");
    }

    @Test
    void isNotProgrammedWithoutAddress() {
        var gateway = gateway("");

        assertThat(states(with(gateway).of(gateway, "").conditions()))
                .containsExactly("Accepted TRUE Accepted", "Programmed FALSE AddressNotAssigned");
    }

    @Test
    void tellsThatAnAddressCantBeChosen() {
        var gateway =
                new GatewayBuilder(gateway(""))
                        .editSpec()
                        .addNewAddress("IPAddress", "9.9.9.9")
                        .endSpec()
                        .build();

        assertThat(states(with(gateway).of(gateway, "1.2.3.4").conditions()))
                .containsExactly("Accepted TRUE Accepted", "Programmed FALSE AddressNotUsable");
    }

    @Test
    void acceptsNoAddressOfAnotherType() {
        var gateway =
                new GatewayBuilder(gateway(""))
                        .editSpec()
                        .addNewAddress("Hostname", "a.example.com")
                        .endSpec()
                        .build();

        assertThat(states(with(gateway).of(gateway, "1.2.3.4").conditions()))
                .contains("Accepted FALSE UnsupportedAddress");
    }

    @Test
    void servesNothingEncryptedToClientsWhoseCertificatesItShouldCheck() {
        var gateway =
                new GatewayBuilder(gateway(""))
                        .editSpec()
                        .editFirstListener()
                        .withProtocol("HTTPS")
                        .endListener()
                        .withNewTls()
                        .withNewFrontend()
                        .endFrontend()
                        .endTls()
                        .endSpec()
                        .build();
        var plan = with(gateway).of(gateway, "1.2.3.4");

        assertThat(plan.balancer().listeners()).isEmpty();
        assertThat(states(plan.listeners().getFirst().conditions()))
                .contains("Accepted FALSE UnsupportedValue");
    }

    @Test
    void namesItsFeaturesInOrder() {
        assertThat(GatewayFeatures.ALL).isSorted().doesNotHaveDuplicates();
    }
}
