package dev.monopod.loadbalancing.rules;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.networking.v1.Ingress;
import io.fabric8.kubernetes.api.model.networking.v1.IngressBuilder;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// Row F5: an Application Load Balancer has IP targets only.
final class ApplicationLoadBalancersTest {
    private static final String PREFIX = ApplicationLoadBalancers.PREFIX;

    private final FixedInventory inventory = new FixedInventory();
    private final ApplicationLoadBalancers balancers =
            new ApplicationLoadBalancers(inventory, List.of("192.168.0.0/16"), new LastGood<>());

    /// @param paths HOST TYPE PATH SERVICE
    private Ingress ingress(String name, Map<String, String> annotations, String... paths) {
        var all = new HashMap<>(Map.of(PREFIX + "target-type", "ip"));
        all.putAll(annotations);
        var ingress =
                new IngressBuilder()
                        .withNewMetadata()
                        .withNamespace("shop")
                        .withName(name)
                        .withAnnotations(all)
                        .endMetadata()
                        .withNewSpec()
                        .withIngressClassName("alb");
        for (var path : paths) {
            var words = path.split(" ", -1);
            ingress =
                    ingress.addNewRule()
                            .withHost(words[0].isEmpty() ? null : words[0])
                            .withNewHttp()
                            .addNewPath()
                            .withPathType(words[1])
                            .withPath(words[2])
                            .withNewBackend()
                            .withNewService()
                            .withName(words[3])
                            .withNewPort()
                            .withNumber(80)
                            .endPort()
                            .endService()
                            .endBackend()
                            .endPath()
                            .endHttp()
                            .endRule();
        }
        return ingress.endSpec().build();
    }

    private ApplicationLoadBalancers.Plan plan(Ingress... ingresses) {
        inventory.ingresses.addAll(List.of(ingresses));
        var groups = balancers.groups().byOwner();
        assertThat(groups).hasSize(1);
        var group = groups.entrySet().iterator().next();
        return balancers.of(group.getKey(), group.getValue(), "192.168.16.1");
    }

    @Test
    void refusesInstanceTargetsNamingAnnotationAndRemedy() {
        assertThat(
                        ApplicationLoadBalancers.refusal(
                                ingress("web", Map.of(PREFIX + "target-type", "instance"))))
                .hasValueSatisfying(message ->
                        assertThat(message)
                                .contains(PREFIX + "target-type: instance is not supported")
                                .contains("set the annotation " + PREFIX + "target-type: ip"));
        assertThat(
                        ApplicationLoadBalancers.refusal(
                                ingress("web", Map.of(PREFIX + "target-type", ""))))
                .hasValueSatisfying(message -> assertThat(message).contains("is missing"));
    }

    @Test
    void putsExactPathsBeforeLongPrefixesAndNamesBeforeAny() {
        inventory.services.add(FixedInventory.service("web", "ClusterIP", Map.of()));

        var rules =
                plan(ingress(
                                "web",
                                Map.of(),
                                " Prefix / web",
                                "*.example.com Prefix / web",
                                "a.example.com Prefix /a web",
                                "a.example.com Prefix /a/b web",
                                "a.example.com Exact /a/b web"))
                        .balancer()
                        .listeners()
                        .getFirst()
                        .rules();

        assertThat(rules)
                .extracting(rule -> rule.matches().toString())
                .containsExactly(
                        "[Host[name=a.example.com], PathExact[path=/a/b]]",
                        "[Host[name=a.example.com], PathPrefix[path=/a/b]]",
                        "[Host[name=a.example.com], PathPrefix[path=/a]]",
                        "[HostBelow[suffix=.example.com, depth=ONE_LABEL], PathPrefix[path=/]]",
                        "[PathPrefix[path=/]]");
    }

    @Test
    void sharesOneLoadBalancerAmongAGroupInItsOrder() {
        inventory.services.add(FixedInventory.service("web", "ClusterIP", Map.of()));

        var plan =
                plan(
                        ingress(
                                "a",
                                Map.of(PREFIX + "group.name", "g", PREFIX + "group.order", "2"),
                                "a Exact /a web"),
                        ingress(
                                "b",
                                Map.of(PREFIX + "group.name", "g", PREFIX + "group.order", "1"),
                                "b Exact /b web"));

        assertThat(plan.balancer().owner())
                .isEqualTo(new Owner(Owner.Kind.INGRESS_GROUP, "shop", "g"));
        assertThat(plan.balancer().listeners().getFirst().rules())
                .extracting(rule -> rule.matches().getFirst().toString())
                .containsExactly("Host[name=b]", "Host[name=a]");
    }

    @Test
    void redirectsToTlsAndServesNoTlsWithoutCertificate() {
        var balancer =
                plan(ingress(
                                "web",
                                Map.of(
                                        PREFIX + "listen-ports",
                                                "[{\"HTTP\": 80}, {\"HTTPS\": 443}]",
                                        PREFIX + "ssl-redirect", "443")))
                        .balancer();

        assertThat(balancer.listeners()).extracting(Listener::port).containsExactly(80);
        assertThat(balancer.listeners().getFirst().fallback()).isEqualTo("to-tls");
    }

    @Test
    void tellsOfAServiceThatIsMissing() {
        var plan = plan(ingress("web", Map.of(), "a Exact /a gone"));

        assertThat(plan.problems()).containsEntry("shop/web", "there is no Service shop/gone");
        assertThat(plan.balancer().listeners()).hasSize(1);
    }

    @Test
    void aMalformedAnnotationCostsItsOwnIngressOnly() {
        inventory.services.add(FixedInventory.service("web", "ClusterIP", Map.of()));

        var plan =
                plan(
                        ingress(
                                "a",
                                Map.of(PREFIX + "group.name", "g", PREFIX + "listen-ports", "80"),
                                "a Exact /a web"),
                        ingress("b", Map.of(PREFIX + "group.name", "g"), "b Exact /b web"));

        assertThat(plan.problems().get("shop/a")).contains("listen-ports: \"80\" is not [{");
        assertThat(plan.balancer().listeners().getFirst().rules()).hasSize(1);
    }

    @Test
    void followsTheActionThatAPathNames() {
        inventory.services.add(FixedInventory.service("web", "ClusterIP", Map.of()));
        inventory.services.add(FixedInventory.service("next", "ClusterIP", Map.of()));
        var ingress =
                ingress(
                        "web",
                        Map.of(
                                PREFIX + "actions.canary",
                                "{\"type\":\"forward\",\"forwardConfig\":{\"targetGroups\":["
                                        + "{\"serviceName\":\"web\",\"servicePort\":80,\"weight\":9},"
                                        + "{\"serviceName\":\"next\",\"servicePort\":80,\"weight\":1}]}}",
                                PREFIX + "actions.gone",
                                "{\"type\":\"fixed-response\",\"fixedResponseConfig\":{\"statusCode\":\"410\"}}"),
                        "a.example.com Prefix /gone gone",
                        "a.example.com Prefix / canary");
        ingress.getSpec().getRules().stream()
                .flatMap(rule -> rule.getHttp().getPaths().stream())
                .map(path -> path.getBackend().getService().getPort())
                .forEach(port -> {
                    port.setNumber(null);
                    port.setName("use-annotation");
                });

        var plan = plan(ingress);

        assertThat(plan.problems()).isEmpty();
        assertThat(plan.balancer().listeners().getFirst().rules())
                .extracting(rule -> rule.backend().charAt(0) + " " + rule.matches())
                .containsExactly(
                        "a [Host[name=a.example.com], PathPrefix[path=/gone]]",
                        "s [Host[name=a.example.com], PathPrefix[path=/], Chance[below=900000]]",
                        "s [Host[name=a.example.com], PathPrefix[path=/]]");
    }
}
