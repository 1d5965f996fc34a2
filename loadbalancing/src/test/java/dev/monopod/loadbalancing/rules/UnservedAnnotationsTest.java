package dev.monopod.loadbalancing.rules;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.loadbalancing.rules.Backend.Behaviour;
import io.fabric8.kubernetes.api.model.networking.v1.HTTPIngressPath;
import io.fabric8.kubernetes.api.model.networking.v1.HTTPIngressPathBuilder;
import io.fabric8.kubernetes.api.model.networking.v1.IngressBuilder;
import io.fabric8.kubernetes.api.model.networking.v1.IngressSpec;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What a load balancer of AWS would do and ours does not is told, and nothing that it would keep
/// out gets through.
final class UnservedAnnotationsTest {
    private static final String PREFIX = ApplicationLoadBalancers.PREFIX;
    private static final String PORTS = "[{\"HTTP\": 80, \"HTTPS\": 443}]";
    private static final Behaviour CLOSED = new Behaviour.Answer(503);

    private final FixedInventory inventory = new FixedInventory();

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "wafv2-acl-arn | arn:aws:wafv2:us-west-2:111122223333:regional/webacl/x/y",
                "waf-acl-id | x",
                "auth-type | oidc",
                "auth-type | cognito",
                "security-groups | sg-1",
                "security-group-prefix-lists | pl-1",
                "mutual-authentication | [{\"port\": 443, \"mode\": \"verify\"}]",
                "backend-protocol | HTTPS",
                "backend-protocol-version | GRPC"
            })
    void closesAllRulesThatAnAnnotationWouldRestrict(String name, String value) {
        var plan = plan(Map.of(name, value), "web", "other");

        assertThat(behaviour(plan, 0)).isEqualTo(CLOSED);
        assertThat(behaviour(plan, 1)).isEqualTo(CLOSED);
        assertThat(plan.problems().get("shop/web"))
                .contains(PREFIX + name)
                .contains("503 until it is removed");
    }

    @Test
    void closesTheRulesWhoseConditionsCannotBeServed() {
        var plan =
                plan(
                        Map.of(
                                "conditions.web",
                                "[{\"field\":\"http-header\",\"httpHeaderConfig\":{}}]"),
                        "web",
                        "other");

        assertThat(behaviour(plan, 0)).isEqualTo(CLOSED);
        assertThat(behaviour(plan, 1)).isInstanceOf(Behaviour.Pool.class);
        assertThat(plan.problems().get("shop/web"))
                .contains(PREFIX + "conditions.web: httpHeaderConfig.httpHeaderName")
                .contains("the rules that name it answer 503");
    }

    @Test
    void closesADefaultBackendWithConditions() {
        inventory.services.add(FixedInventory.service("rest", "ClusterIP", Map.of()));
        var plan =
                plan(
                        Map.of("conditions.rest", "[]"),
                        spec -> spec.setDefaultBackend(path("rest").getBackend()),
                        "web");

        assertThat(behaviour(plan, plan.balancer().listeners().getFirst().fallback()))
                .isEqualTo(CLOSED);
        assertThat(behaviour(plan, 0)).isInstanceOf(Behaviour.Pool.class);
        assertThat(plan.problems().get("shop/web"))
                .contains(PREFIX + "conditions.rest: a default back end has no conditions");
    }

    @Test
    void closesTheServiceThatAsksForMoreThanItsIngress() {
        inventory.services.add(
                FixedInventory.service("web", "ClusterIP", Map.of(PREFIX + "auth-type", "oidc")));
        var plan = plan(Map.of(), "web", "other");

        assertThat(behaviour(plan, 0)).isEqualTo(CLOSED);
        assertThat(behaviour(plan, 1)).isInstanceOf(Behaviour.Pool.class);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "wafv2-acl-arn | none",
                "auth-type | none",
                "backend-protocol | HTTP",
                "backend-protocol-version | HTTP1",
                "mutual-authentication | [{\"port\": 443, \"mode\": \"off\"}]",
                "group.order | 5"
            })
    void leavesWhatRestrictsNothingAlone(String name, String value) {
        var plan = plan(Map.of(name, value), "web");

        assertThat(behaviour(plan, 0)).isInstanceOf(Behaviour.Pool.class);
        assertThat(plan.problems()).isEmpty();
    }

    @Test
    void tellsOfEveryOtherAnnotationAndServesOn() {
        var plan =
                plan(
                        Map.of(
                                "tags", "a=b",
                                "subnets", "subnet-1",
                                "target-group-attributes",
                                        "slow_start.duration_seconds=30,deregistration_delay.timeout_seconds=5"),
                        "web");

        assertThat(behaviour(plan, 0)).isInstanceOf(Behaviour.Pool.class);
        assertThat(plan.problems().get("shop/web"))
                .contains("change nothing: " + PREFIX + "subnets, " + PREFIX + "tags")
                .contains(
                        "only deregistration_delay.timeout_seconds and stickiness are supported, not slow_start.duration_seconds");
    }

    @Test
    void httpsWithACertificateOfAwsNamesTheRemedyAndRedirectsNowhere() {
        var plan =
                plan(
                        Map.of(
                                "listen-ports", PORTS,
                                "certificate-arn",
                                        "arn:aws:acm:us-west-2:111122223333:certificate/0",
                                "ssl-redirect", "443"),
                        "web");

        assertThat(plan.balancer().listeners()).extracting(Listener::port).containsExactly(80);
        var listener = plan.balancer().listeners().getFirst();
        assertThat(listener.rules()).isEmpty();
        assertThat(behaviour(plan, listener.fallback())).isEqualTo(CLOSED);
        assertThat(plan.problems().get("shop/web"))
                .contains(PREFIX + "certificate-arn: nobody here holds AWS' keys")
                .contains("there is no Secret shop/acm-0 of type kubernetes.io/tls")
                .contains("port 443 (HTTPS) is not served, it has no certificate")
                .contains("ssl-redirect: nothing is at port 443, so the other ports answer 503");
    }

    @ParameterizedTest
    @CsvSource({
        "arn:aws:acm:us-west-2:111122223333:certificate/0AB-1, acm-0ab-1",
        "arn:aws-cn:iam::111122223333:server-certificate/web_2, iam-web-2"
    })
    void servesTheSecretThatIsNamedAfterTheArnOfACertificate(String arn, String secret) {
        inventory.certificates.put("shop/" + secret, "PEM");
        var plan =
                plan(
                        Map.of(
                                "listen-ports",
                                PORTS,
                                "certificate-arn",
                                arn,
                                "ssl-redirect",
                                "443"),
                        "web");

        assertThat(plan.problems()).isEmpty();
        assertThat(plan.balancer().listeners())
                .filteredOn(listener -> listener.port() == 443)
                .flatExtracting(Listener::certificates)
                .containsExactly(new Listener.Certificate("shop/" + secret, "PEM", List.of()));
    }

    @Test
    void anIngressWithACertificateOfAwsIsEncryptedUnlessItNamesItsPorts() {
        inventory.certificates.put("shop/acm-1", "PEM");
        var plan =
                plan(
                        Map.of(
                                "certificate-arn",
                                "arn:aws:acm:us-west-2:111122223333:certificate/1"),
                        "web");

        assertThat(plan.balancer().listeners()).extracting(Listener::port).containsExactly(443);
    }

    @Test
    void httpsAloneWithoutACertificateIsTold() {
        var plan = plan(Map.of("listen-ports", "[{\"HTTPS\":443}]"), "web");

        assertThat(plan.balancer().listeners()).isEmpty();
        assertThat(plan.problems().get("shop/web"))
                .isEqualTo(
                        "port 443 (HTTPS) is not served, it has no certificate: name a Secret of type"
                                + " kubernetes.io/tls in spec.tls");
    }

    /// One Ingress with a path for each Service.
    private ApplicationLoadBalancers.Plan plan(
            Map<String, String> annotations, String... services) {
        return plan(annotations, _ -> {}, services);
    }

    private ApplicationLoadBalancers.Plan plan(
            Map<String, String> annotations, Consumer<IngressSpec> more, String... services) {
        var all = new HashMap<>(Map.of(PREFIX + "target-type", "ip"));
        annotations.forEach((name, value) -> all.put(PREFIX + name, value));
        Arrays.stream(services)
                .filter(name -> inventory.service("shop", name).isEmpty())
                .forEach(name ->
                        inventory.services.add(
                                FixedInventory.service(name, "ClusterIP", Map.of())));
        var ingress =
                new IngressBuilder()
                        .withNewMetadata()
                        .withNamespace("shop")
                        .withName("web")
                        .withAnnotations(all)
                        .endMetadata()
                        .withNewSpec()
                        .withIngressClassName("alb")
                        .addNewRule()
                        .withNewHttp()
                        .withPaths(
                                Arrays.stream(services).map(UnservedAnnotationsTest::path).toList())
                        .endHttp()
                        .endRule()
                        .endSpec()
                        .build();
        more.accept(ingress.getSpec());
        inventory.ingresses.add(ingress);
        var balancers =
                new ApplicationLoadBalancers(
                        inventory, List.of("192.168.0.0/16"), new LastGood<>());
        var group = balancers.groups().byOwner().entrySet().iterator().next();
        return balancers.of(group.getKey(), group.getValue(), "192.168.16.1");
    }

    private static HTTPIngressPath path(String service) {
        return new HTTPIngressPathBuilder()
                .withPathType("Exact")
                .withPath("/" + service)
                .withNewBackend()
                .withNewService()
                .withName(service)
                .withNewPort()
                .withNumber(80)
                .endPort()
                .endService()
                .endBackend()
                .build();
    }

    private static Behaviour behaviour(ApplicationLoadBalancers.Plan plan, int rule) {
        return behaviour(plan, plan.balancer().listeners().getFirst().rules().get(rule).backend());
    }

    private static Behaviour behaviour(ApplicationLoadBalancers.Plan plan, String backend) {
        return plan.balancer().backends().stream()
                .filter(each -> each.name().equals(backend))
                .findFirst()
                .orElseThrow()
                .behaviour();
    }
}
