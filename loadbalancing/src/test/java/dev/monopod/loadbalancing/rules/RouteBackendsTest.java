package dev.monopod.loadbalancing.rules;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.monopod.loadbalancing.rules.Backend.Behaviour;
import dev.monopod.loadbalancing.rules.Backend.HttpVersion;
import dev.monopod.loadbalancing.rules.GatewayPlan.State;
import dev.monopod.loadbalancing.rules.GatewayPlan.Truth;
import dev.monopod.loadbalancing.rules.HttpChange.Direction;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.GatewayBuilder;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPBackendRef;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPBackendRefBuilder;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRouteBuilder;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRouteRule;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRouteRuleBuilder;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class RouteBackendsTest {
    private final FixedInventory inventory = new FixedInventory();
    private final Grants grants = new Grants(List.of());

    private static HTTPBackendRefBuilder reference(String service) {
        return new HTTPBackendRefBuilder().withName(service).withPort(80);
    }

    private static HTTPRouteRule rule(HTTPBackendRef... references) {
        return new HTTPRouteRuleBuilder().withBackendRefs(references).build();
    }

    private static Route route(HTTPRouteRule... rules) {
        return Route.of(
                new HTTPRouteBuilder()
                        .withNewMetadata()
                        .withNamespace("shop")
                        .withName("r")
                        .endMetadata()
                        .withNewSpec()
                        .withRules(rules)
                        .endSpec()
                        .build());
    }

    private List<RouteRules.Line> lines(HTTPRouteRule rule) {
        var gateway =
                new GatewayBuilder()
                        .withNewMetadata()
                        .withNamespace("shop")
                        .withName("gw")
                        .endMetadata()
                        .withNewSpec()
                        .addNewListener()
                        .withName("http")
                        .withPort(80)
                        .withProtocol("HTTP")
                        .endListener()
                        .endSpec()
                        .build();
        var listener = new GatewayListeners(inventory, grants).of(gateway).getFirst();
        return new RouteRules(inventory, new Endpoints(inventory), grants, route(rule))
                .lines("", listener);
    }

    private Behaviour behaviour(HTTPRouteRule rule) {
        return lines(rule).getFirst().shares().getFirst().backend().behaviour();
    }

    private void service(String name) {
        inventory.services.add(FixedInventory.service(name, "ClusterIP", Map.of()));
    }

    @Test
    void sharesRequestsByWeightWhateverTheNumberOfPods() {
        service("one");
        service("two");
        inventory.endpoint("one", "10.0.0.1", true, false, "Pod");

        var line =
                lines(
                                rule(
                                        reference("one").withWeight(7).build(),
                                        reference("none").withWeight(0).build(),
                                        reference("two").withWeight(3).build()))
                        .getFirst();

        assertThat(line.asRules())
                .extracting(each -> each.matches().toString())
                .containsExactly("[Chance[below=700000]]", "[]");
        assertThat(line.shares())
                .allMatch(each -> each.backend().behaviour() instanceof Behaviour.Pool);
    }

    @Test
    void aBrokenReferenceAnswersForItsOwnShareOnly() {
        service("one");

        assertThat(
                        lines(rule(reference("gone").build(), reference("one").build()))
                                .getFirst()
                                .shares())
                .extracting(each -> each.backend().behaviour().getClass().getSimpleName())
                .containsExactly("Answer", "Pool");
    }

    @Test
    void filtersOfAReferenceComeAfterTheRules() {
        service("one");
        var rule =
                new HTTPRouteRuleBuilder()
                        .addNewFilter()
                        .withType("RequestHeaderModifier")
                        .withNewRequestHeaderModifier()
                        .addNewSet("a", "rule")
                        .endRequestHeaderModifier()
                        .endFilter()
                        .addToBackendRefs(
                                reference("one")
                                        .addNewFilter()
                                        .withType("RequestHeaderModifier")
                                        .withNewRequestHeaderModifier()
                                        .addNewSet("a", "reference")
                                        .endRequestHeaderModifier()
                                        .endFilter()
                                        .build(),
                                reference("one").build())
                        .build();

        assertThat(lines(rule).getFirst().shares())
                .extracting(each -> each.backend().changes())
                .containsExactly(
                        List.of(
                                new HttpChange.SetHeader(Direction.REQUEST, "a", "rule"),
                                new HttpChange.SetHeader(Direction.REQUEST, "a", "reference")),
                        List.of(new HttpChange.SetHeader(Direction.REQUEST, "a", "rule")));
    }

    @Test
    void takesTheShorterTimeoutAndTheProtocolOfThePort() {
        service("one");
        inventory
                .services
                .getFirst()
                .getSpec()
                .getPorts()
                .getFirst()
                .setAppProtocol("kubernetes.io/h2c");
        var rule =
                new HTTPRouteRuleBuilder()
                        .withNewTimeouts("300ms", "0s")
                        .addToBackendRefs(reference("one").build())
                        .build();

        assertThat(behaviour(rule))
                .isInstanceOfSatisfying(
                        Behaviour.Pool.class,
                        pool -> {
                            assertThat(pool.transport().answer()).contains(Duration.ofMillis(300));
                            assertThat(pool.transport().version()).isEqualTo(HttpVersion.HTTP_2);
                        });
    }

    @Test
    void readsCorsAndNothingThatIsNoOrigin() {
        service("one");
        var filter =
                new HTTPRouteRuleBuilder()
                        .addNewFilter()
                        .withType("CORS")
                        .withNewCors()
                        .withAllowOrigins("https://*.example.com")
                        .withAllowMethods("GET")
                        .endCors()
                        .endFilter()
                        .addToBackendRefs(reference("one").build());

        assertThat(lines(filter.build()).getFirst().shares().getFirst().backend().changes())
                .containsExactly(
                        new HttpChange.Cors(
                                List.of("https://*.example.com"),
                                List.of("GET"),
                                List.of(),
                                List.of(),
                                false,
                                5));
        for (var bad : List.of("https://a.*.com", "ftp://a", "https://a b", "https://a'\n", "**")) {
            filter.editFirstFilter().editCors().withAllowOrigins(bad).endCors().endFilter();
            assertThatThrownBy(() -> lines(filter.build())).hasMessageContaining("allowOrigins");
        }
    }

    @Test
    void aRuleWithAnUnknownFilterAnswers500AndTheStatusSaysSo() {
        service("one");
        var good = rule(reference("one").build());
        var bad =
                new HTTPRouteRuleBuilder(good)
                        .addNewFilter()
                        .withType("RequestMirror")
                        .endFilter()
                        .build();

        assertThat(behaviour(bad)).isEqualTo(new Behaviour.Answer(500));
        assertThat(
                        new RouteRules(inventory, new Endpoints(inventory), grants, route(good))
                                .unsupported())
                .isEmpty();
        assertThat(
                        new RouteRules(inventory, new Endpoints(inventory), grants, route(bad))
                                .unsupported())
                .get()
                .extracting(State::type, State::truth, State::reason)
                .containsExactly("Accepted", Truth.FALSE, "UnsupportedValue");
        assertThat(
                        new RouteRules(
                                        inventory,
                                        new Endpoints(inventory),
                                        grants,
                                        route(good, bad))
                                .unsupported())
                .get()
                .extracting(State::type, State::truth, State::reason)
                .containsExactly("PartiallyInvalid", Truth.TRUE, "UnsupportedValue");
    }
}
