package dev.monopod.loadbalancing.rules;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.monopod.loadbalancing.rules.Annotations.BadAnnotation;
import dev.monopod.loadbalancing.rules.Target.State;
import io.fabric8.kubernetes.api.model.LabelSelectorBuilder;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.networking.v1.Ingress;
import io.fabric8.kubernetes.api.model.networking.v1.IngressBuilder;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// What a tenant with the role `edit` of one namespace writes costs that tenant alone.
final class HostileObjectsTest {
    private static final String ALB = ApplicationLoadBalancers.PREFIX;
    private static final String NLB = NetworkLoadBalancers.PREFIX;
    private static final List<String> VPC = List.of("192.168.0.0/16");

    private final FixedInventory inventory = new FixedInventory();
    private final LoadBalancers balancers = new LoadBalancers();

    @Test
    void aTargetIsAMachineOfTheServicesOwnNamespaceAndNothingElse() {
        inventory.machines.put("192.168.96.66", "mallory");
        inventory.endpoint("web", "192.168.96.4", true, false, "Pod");
        for (var other :
                List.of(
                        "127.0.0.1",
                        "192.168.0.4",
                        "169.254.169.254",
                        "10.100.0.1",
                        "192.168.96.66",
                        "0.0.0.0",
                        "192.168.96.4 check\nbind")) {
            inventory.slice("web", other, true, false, "Pod");
        }
        var outcome =
                new NetworkLoadBalancers(inventory, VPC, new LastGood<>())
                        .of(service("web", Map.of()), "192.168.16.1");

        var plan = ((Outcome.Accepted<NetworkLoadBalancers.Plan>) outcome).value();

        assertThat(plan.balancer().orElseThrow().backends().getFirst().targets())
                .containsExactly(new Target("192.168.96.4", 8080, 1, State.READY));
        assertThat(plan.problem().orElseThrow())
                .startsWith(
                        "EndpointSlice shop/web-1: 127.0.0.1 is no address of a pod on Fargate");
    }

    @Test
    void anIngressNeverJoinsTheGroupOfAnotherNamespace() {
        inventory.services.add(FixedInventory.service("web", "ClusterIP", Map.of()));
        inventory.ingresses.add(ingress("shop", "good", Map.of("group.name", "g")));
        inventory.ingresses.add(
                ingress("mallory", "bad", Map.of("group.name", "g", "group.order", "-1000")));

        assertThat(groups())
                .containsExactlyInAnyOrderEntriesOf(
                        Map.of(
                                new Owner(Owner.Kind.INGRESS_GROUP, "shop", "g"), List.of("good"),
                                new Owner(Owner.Kind.INGRESS_GROUP, "mallory", "g"),
                                        List.of("bad")));
    }

    @Test
    void namespacesThatAnAdministratorSelectsShareGroupsAndNoOthers() {
        inventory.classParams = "trusted";
        inventory.params.add(params("trusted", Optional.of("yes"), Optional.empty()));
        inventory.namespaces.put("shop", namespace("shop", "yes"));
        inventory.namespaces.put("desk", namespace("desk", "yes"));
        inventory.namespaces.put("mallory", namespace("mallory", "no"));
        for (var namespace : List.of("shop", "desk", "mallory")) {
            inventory.ingresses.add(ingress(namespace, namespace, Map.of("group.name", "g")));
        }

        assertThat(groups())
                .containsExactlyEntriesOf(
                        Map.of(
                                new Owner(Owner.Kind.INGRESS_GROUP, "", "trusted_g"),
                                List.of("desk", "shop")));
        assertThat(read().groups().leftOut())
                .singleElement()
                .extracting(member -> member.problem().orElseThrow())
                .asString()
                .contains("namespaceSelector of IngressClassParams trusted does not select");

        inventory.params.clear();
        assertThat(groups()).isEmpty();
    }

    @Test
    void oneGroupForAllIsWhatAnAdministratorSays() {
        inventory.classParams = "one";
        inventory.params.add(params("one", Optional.empty(), Optional.of("all")));
        inventory.ingresses.add(ingress("shop", "a", Map.of()));
        inventory.ingresses.add(ingress("desk", "b", Map.of("group.name", "own")));

        assertThat(groups()).containsOnlyKeys(new Owner(Owner.Kind.INGRESS_GROUP, "", "one_all"));
    }

    @Test
    void whatNoReaderExpectsCostsItsOwnIngressOnly() {
        inventory.services.add(FixedInventory.service("web", "ClusterIP", Map.of()));
        inventory.ingresses.add(ingress("shop", "good", Map.of()));
        for (var bad :
                List.of(
                        Map.of("listen-ports", "[{\"HTTP\": 99999999999}]"),
                        Map.of("inbound-cidrs", "10.0.0.0/99"),
                        Map.of("target-group-attributes", "x"),
                        Map.of("group.name", "../../x"),
                        Map.of("scheme", "x".repeat(10_000)),
                        Map.of(
                                "actions.web",
                                "{\"type\":\"forward\",\"serviceName\":\"web\",\"servicePort\":\""
                                        + "9".repeat(40)
                                        + "\"}"))) {
            var ingress = ingress("shop", "bad" + inventory.ingresses.size(), bad);
            if (bad.containsKey("actions.web")) {
                var port =
                        ingress.getSpec()
                                .getRules()
                                .getFirst()
                                .getHttp()
                                .getPaths()
                                .getFirst()
                                .getBackend()
                                .getService()
                                .getPort();
                port.setNumber(null);
                port.setName("use-annotation");
            }
            inventory.ingresses.add(ingress);
        }
        var nameless = ingress("shop", "nameless", Map.of());
        nameless.getSpec().getRules().getFirst().getHttp().getPaths().getFirst().setPathType(null);
        inventory.ingresses.add(nameless);

        var addresses = new HashMap<Owner, String>();
        inventory.ingresses.forEach(each -> addresses.put(owner(each), "192.168.16.1"));

        assertThat(balancers.of(inventory, VPC, addresses))
                .filteredOn(balancer -> !balancer.listeners().isEmpty())
                .extracting(LoadBalancer::owner)
                .contains(owner(inventory.ingresses.getFirst()));
    }

    @Test
    void whatCanNoLongerBeReadIsServedAsItWasWithTheTargetsOfNow() {
        inventory.services.add(FixedInventory.service("web", "ClusterIP", Map.of()));
        inventory.services.add(service("nlb", Map.of()));
        inventory.endpoint("web", "192.168.96.4", true, false, "Pod");
        inventory.endpoint("nlb", "192.168.96.4", true, false, "Pod");
        inventory.ingresses.add(ingress("shop", "alb", Map.of()));
        var addresses =
                Map.of(
                        owner(inventory.ingresses.getFirst()), "192.168.16.1",
                        NetworkLoadBalancers.owner(inventory.services.getLast()), "192.168.16.2");
        var before = balancers.of(inventory, VPC, addresses);

        inventory.ingresses.set(0, ingress("shop", "alb", Map.of("listen-ports", "what?")));
        inventory.services.set(1, service("nlb", Map.of("scheme", "what?")));
        assertThat(balancers.of(inventory, VPC, addresses)).isEqualTo(before);

        // The pod's address is another tenant's now.
        inventory.machines.put("192.168.96.4", "mallory");
        assertThat(balancers.of(inventory, VPC, addresses))
                .hasSize(2)
                .allSatisfy(balancer ->
                        assertThat(balancer.backends())
                                .allMatch(backend -> backend.targets().isEmpty()));

        // A new object of the same name has said nothing yet.
        inventory.ingresses.getFirst().getMetadata().setUid("another");
        inventory.services.getLast().getMetadata().setUid("another");
        assertThat(balancers.of(inventory, VPC, addresses))
                .allMatch(balancer -> balancer.listeners().isEmpty());
    }

    @Test
    void whoMayNoLongerBeInAGroupOfOthersIsServedThereNoLonger() {
        inventory.services.add(FixedInventory.service("web", "ClusterIP", Map.of()));
        inventory.classParams = "trusted";
        inventory.params.add(params("trusted", Optional.of("yes"), Optional.empty()));
        inventory.namespaces.put("shop", namespace("shop", "yes"));
        inventory.namespaces.put("mallory", namespace("mallory", "yes"));
        inventory.ingresses.add(ingress("shop", "good", Map.of("group.name", "g")));
        inventory.ingresses.add(ingress("mallory", "bad", Map.of("group.name", "g")));
        var shared = new Owner(Owner.Kind.INGRESS_GROUP, "", "trusted_g");
        var addresses = Map.of(shared, "192.168.16.1");
        assertThat(rules(addresses)).isEqualTo(2);

        inventory.namespaces.put("mallory", namespace("mallory", "no"));

        assertThat(rules(addresses)).isEqualTo(1);
    }

    @Test
    void anIngressWithMoreThanItMayHaveSaysTheFieldTheLimitAndTheValue() {
        inventory.services.add(FixedInventory.service("web", "ClusterIP", Map.of()));
        var many = ingress("shop", "many", Map.of());
        var path = many.getSpec().getRules().getFirst().getHttp().getPaths().getFirst();
        many.getSpec()
                .getRules()
                .getFirst()
                .getHttp()
                .setPaths(IntStream.range(0, 501).mapToObj(_ -> path).toList());
        var ports =
                IntStream.range(1, 52)
                        .mapToObj(port -> "{\"HTTP\": " + port + "}")
                        .collect(Collectors.joining(","));

        assertThat(problem(many)).startsWith("spec.rules: paths: 501, the limit is 500");
        assertThat(problem(ingress("shop", "ports", Map.of("listen-ports", "[" + ports + "]"))))
                .startsWith("annotation " + ALB + "listen-ports: ports: 51, the limit is 50");
        assertThat(problem(ingress("shop", "long", Map.of("inbound-cidrs", "1".repeat(8_193)))))
                .startsWith("annotation " + ALB + "inbound-cidrs: characters: 8193, the limit is");
        path.setPathType("ImplementationSpecific");
        path.setPath("/a*a*a*a*a*a*");
        many.getSpec().getRules().getFirst().getHttp().setPaths(List.of(path));
        assertThat(problem(many)).contains("wildcards of \"/a*a*a*a*a*a*\": 6, the limit is 5");
    }

    @Test
    void anExpressionMustCostNextToNothing() {
        for (var bad :
                List.of(
                        "(a+)+$",
                        "((a*)b?)*",
                        "(a|b*)+",
                        "(?:x+y)*",
                        "(a)\\1",
                        "(?=a)b",
                        "(*NO_JIT)a",
                        "a*b*c*",
                        "a{1,1000}",
                        "[a",
                        "a\\Kb",
                        "(",
                        "x".repeat(300))) {
            assertThatThrownBy(() -> Expressions.check("path", bad))
                    .as(bad)
                    .isInstanceOf(BadAnnotation.class)
                    .hasMessageStartingWith("path");
        }
        for (var good :
                List.of(
                        "^/api/v[0-9]+/.*$",
                        "/(a|b)/[^/]+",
                        "\\.png$",
                        "[]a]x?",
                        "(a|b)*c",
                        "\\d{1,3}",
                        "v(?:1|2)")) {
            Expressions.check("path", good);
        }
    }

    private int rules(Map<Owner, String> addresses) {
        return balancers.of(inventory, VPC, addresses).stream()
                .flatMap(balancer -> balancer.listeners().stream())
                .mapToInt(listener -> listener.rules().size())
                .sum();
    }

    private String problem(Ingress ingress) {
        inventory.ingresses.clear();
        inventory.ingresses.add(ingress);
        return read().groups().byOwner().values().stream()
                .flatMap(List::stream)
                .map(member -> member.problem().orElse(""))
                .findFirst()
                .orElse("");
    }

    private ApplicationLoadBalancers read() {
        return new ApplicationLoadBalancers(inventory, VPC, new LastGood<>());
    }

    private Map<Owner, List<String>> groups() {
        var names = new TreeMap<Owner, List<String>>();
        read().groups()
                .byOwner()
                .forEach((owner, members) ->
                        names.put(
                                owner,
                                members.stream()
                                        .map(member -> member.ingress().getMetadata().getName())
                                        .toList()));
        return names;
    }

    private static Owner owner(Ingress ingress) {
        return new Owner(
                Owner.Kind.INGRESS,
                ingress.getMetadata().getNamespace(),
                ingress.getMetadata().getName());
    }

    private static Namespace namespace(String name, String trusted) {
        return new NamespaceBuilder()
                .withNewMetadata()
                .withName(name)
                .addToLabels("trusted", trusted)
                .endMetadata()
                .build();
    }

    private static IngressClassParams params(
            String name, Optional<String> trusted, Optional<String> group) {
        var params = new IngressClassParams();
        params.getMetadata().setName(name);
        params.setSpec(
                new IngressClassParams.Spec(
                        trusted.map(value ->
                                        new LabelSelectorBuilder()
                                                .addToMatchLabels("trusted", value)
                                                .build())
                                .orElse(null),
                        group.map(IngressClassParams.Spec.Group::new).orElse(null)));
        return params;
    }

    private static Service service(String name, Map<String, String> more) {
        var annotations = new HashMap<>(Map.of(NLB + "type", "nlb-ip"));
        more.forEach((key, value) -> annotations.put(NLB + key, value));
        return FixedInventory.service(name, "LoadBalancer", annotations);
    }

    private static Ingress ingress(String namespace, String name, Map<String, String> more) {
        var annotations = new HashMap<>(Map.of(ALB + "target-type", "ip"));
        more.forEach((key, value) -> annotations.put(ALB + key, value));
        return new IngressBuilder()
                .withNewMetadata()
                .withNamespace(namespace)
                .withName(name)
                .withAnnotations(annotations)
                .endMetadata()
                .withNewSpec()
                .withIngressClassName("alb")
                .addNewRule()
                .withHost("a.example.com")
                .withNewHttp()
                .addNewPath()
                .withPathType("Prefix")
                .withPath("/")
                .withNewBackend()
                .withNewService()
                .withName("web")
                .withNewPort()
                .withNumber(80)
                .endPort()
                .endService()
                .endBackend()
                .endPath()
                .endHttp()
                .endRule()
                .endSpec()
                .build();
    }
}
