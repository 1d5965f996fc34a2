package dev.monopod.agent.loadbalancing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.loadbalancing.rules.Owner;
import io.fabric8.kubernetes.api.model.networking.v1.Ingress;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What users write in the annotations of an Ingress, as a real HAProxy serves it. Needs root.
final class IngressRoutesIT {
    private static final Owner OWNER = new Owner(Owner.Kind.INGRESS, "shop", "web");
    private static final String URL = "http://" + BalancedNamespace.ADDRESS;

    @TempDir Path folder = Path.of("/nonexistent");
    private final FixedCluster cluster = new FixedCluster();

    @Test
    void leadsRequestsByTheConditionsOfTheirRules() throws IOException {
        cluster.ingresses.add(
                ingress(
                        """
                        conditions.host: '[{"field":"host-header","hostHeaderConfig":{"values":["b.example.com","*.c?.example.com"]}}]'
                        actions.host: '{"type":"fixed-response","fixedResponseConfig":{"statusCode":"200","messageBody":"host"}}'
                        conditions.path: '[{"field":"path-pattern","pathPatternConfig":{"values":["/other/*/end"]}}]'
                        actions.path: '{"type":"fixed-response","fixedResponseConfig":{"statusCode":"200","messageBody":"path"}}'
                        conditions.header: '[{"field":"http-header","httpHeaderConfig":{"httpHeaderName":"Variant","values":["new","bet?-*"]}}]'
                        actions.header: '{"type":"fixed-response","fixedResponseConfig":{"statusCode":"200","messageBody":"header"}}'
                        conditions.method: '[{"field":"http-request-method","httpRequestMethodConfig":{"Values":["PUT","DELETE"]}}]'
                        actions.method: '{"type":"fixed-response","fixedResponseConfig":{"statusCode":"200","messageBody":"method"}}'
                        conditions.query: '[{"field":"query-string","queryStringConfig":{"values":[{"key":"version","value":"2*"},{"value":"beta"}]}}]'
                        actions.query: '{"type":"fixed-response","fixedResponseConfig":{"statusCode":"200","messageBody":"query"}}'
                        conditions.source: '[{"field":"source-ip","sourceIpConfig":{"values":["10.66.0.0/24"]}}]'
                        actions.source: '{"type":"fixed-response","fixedResponseConfig":{"statusCode":"200","messageBody":"source"}}'
                        conditions.foreign: '[{"field":"source-ip","sourceIpConfig":{"values":["10.67.0.0/24"]}}]'
                        actions.foreign: '{"type":"fixed-response","fixedResponseConfig":{"statusCode":"200","messageBody":"foreign"}}'
                        conditions.both: '[{"field":"http-header","httpHeaderConfig":{"httpHeaderName":"Variant","values":["new"]}},{"field":"http-request-method","httpRequestMethodConfig":{"Values":["GET"]}}]'
                        actions.both: '{"type":"fixed-response","fixedResponseConfig":{"statusCode":"200","messageBody":"both"}}'
                        """,
                        "a.example.com",
                        "host",
                        "path",
                        "header",
                        "method",
                        "query",
                        "source",
                        "foreign",
                        "both"));
        try (var network = BalancedNamespace.make(folder)) {
            network.serve(cluster, OWNER);

            assertThat(curl(network, "/host", "Host: a.example.com")).isEqualTo("200 host");
            assertThat(curl(network, "/host", "Host: B.example.com")).isEqualTo("200 host");
            assertThat(curl(network, "/host", "Host: x.y.c1.example.com")).isEqualTo("200 host");
            assertThat(curl(network, "/host", "Host: x.c.example.com")).startsWith("404");
            assertThat(curl(network, "/path")).isEqualTo("200 path");
            assertThat(curl(network, "/other/a/b/end")).isEqualTo("200 path");
            assertThat(curl(network, "/other/a/b/end/")).startsWith("404");
            assertThat(curl(network, "/header", "variant: NEW")).isEqualTo("200 header");
            assertThat(curl(network, "/header", "variant: beta-7")).isEqualTo("200 header");
            assertThat(curl(network, "/header", "variant: old")).startsWith("404");
            assertThat(curl(network, "/header")).startsWith("404");
            assertThat(curl(network, "-X", "PUT", "/method")).isEqualTo("200 method");
            assertThat(curl(network, "/method")).startsWith("404");
            assertThat(curl(network, "/query?a=1&VERSION=2.1&b=2")).isEqualTo("200 query");
            assertThat(curl(network, "/query?any=Beta")).isEqualTo("200 query");
            assertThat(curl(network, "/query?beta")).isEqualTo("200 query");
            assertThat(curl(network, "/query?version=1&other=2")).startsWith("404");
            assertThat(curl(network, "/query?xversion=2")).startsWith("404");
            assertThat(curl(network, "/query?any=betaX")).startsWith("404");
            assertThat(curl(network, "/source")).isEqualTo("200 source");
            assertThat(curl(network, "/foreign")).startsWith("404");
            assertThat(curl(network, "/both", "variant: new")).isEqualTo("200 both");
            assertThat(curl(network, "/both")).startsWith("404");
            assertThat(curl(network, "-X", "PUT", "/both", "variant: new")).startsWith("404");
        }
    }

    @Test
    void leadsClientsBackToTheirTargetAlsoAfterAReload() throws IOException {
        var attributes =
                "target-group-attributes: stickiness.enabled=true,stickiness.lb_cookie.duration_seconds=60";
        cluster.service("web", 8080, List.of("10.66.1.1", "10.66.1.2"));
        cluster.ingresses.add(ingress(attributes, "", "web"));
        try (var network = BalancedNamespace.make(folder)) {
            serveOneAndTwo(network, "web");

            assertThat(answers(network, List.of())).containsExactlyInAnyOrder("200 one", "200 two");
            var first = jar(network, "first");
            var second = jar(network, "second");
            assertThat(first.answer()).isNotEqualTo(second.answer());
            assertThat(answers(network, List.of("-b", first.file())))
                    .containsExactly(first.answer());
            assertThat(answers(network, List.of("-b", second.file())))
                    .containsExactly(second.answer());
            assertThat(network.inside("grep", "AWSALB", first.file())).contains("\t/\t");

            // Another listener is nothing that the runtime socket can add.
            cluster.ingresses.set(
                    0,
                    ingress(
                            attributes + "\nlisten-ports: '[{\"HTTP\": 80}, {\"HTTP\": 81}]'",
                            "",
                            "web"));
            network.serve(cluster, OWNER);
            assertThat(network.inside("curl", "-s", URL + ":81/web")).isNotEmpty();
            assertThat(answers(network, List.of("-b", first.file())))
                    .containsExactly(first.answer());
            assertThat(answers(network, List.of("-b", second.file())))
                    .containsExactly(second.answer());

            cluster.service("web", 8080, List.of("10.66.1.2"));
            network.serve(cluster, OWNER);
            assertThat(answers(network, List.of("-b", first.file()))).containsExactly("200 two");
        }
    }

    @Test
    void leadsClientsBackByTheCookieOfTheApplication() throws IOException {
        cluster.service("web", 8080, List.of("10.66.1.1", "10.66.1.2"));
        cluster.ingresses.add(
                ingress(
                        "target-group-attributes: stickiness.enabled=true,stickiness.type=app_cookie,stickiness.app_cookie.cookie_name=session",
                        "",
                        "web"));
        try (var network = BalancedNamespace.make(folder)) {
            serveOneAndTwo(network, "web");

            assertThat(answers(network, List.of("-b", "session=7"))).hasSize(1);
            assertThat(answers(network, List.of("-b", "other=7"))).hasSize(2);
        }
    }

    @Test
    void leadsClientsBackToTheServiceThatTheyGot() throws IOException {
        cluster.service("s1", 8080, List.of("10.66.1.1"));
        cluster.service("s2", 8080, List.of("10.66.1.2"));
        cluster.ingresses.add(
                ingress(
                        """
                        actions.shared: '{"type":"forward","forwardConfig":{"targetGroups":[{"serviceName":"s1","servicePort":80,"weight":50},{"serviceName":"s2","servicePort":80,"weight":50}],"targetGroupStickinessConfig":{"enabled":true,"durationSeconds":60}}}'
                        """,
                        "",
                        "shared"));
        try (var network = BalancedNamespace.make(folder)) {
            serveOneAndTwo(network, "shared");

            var both = new HashSet<String>();
            for (var client = 0; client < 40; client++) {
                var file = folder.resolve("jar-" + client).toString();
                var first = curl(network, "-c", file, "/shared");
                both.add(first);
                assertThat(curl(network, "-b", file, "/shared")).isEqualTo(first);
                assertThat(curl(network, "-b", file, "/shared")).isEqualTo(first);
            }
            assertThat(both).containsExactlyInAnyOrder("200 one", "200 two");
        }
    }

    /// With a web server at each of two addresses, which tells who it is at that path.
    private void serveOneAndTwo(BalancedNamespace network, String path) throws IOException {
        network.webServer("10.66.1.1", Map.of(path, "one", "index.html", ""));
        network.webServer("10.66.1.2", Map.of(path, "two", "index.html", ""));
        network.serve(cluster, OWNER);
    }

    private record Jar(String file, String answer) {}

    private Jar jar(BalancedNamespace network, String name) throws IOException {
        var file = folder.resolve(name).toString();
        return new Jar(file, curl(network, "-c", file, "/web"));
    }

    private static HashSet<String> answers(BalancedNamespace network, List<String> options)
            throws IOException {
        var answers = new HashSet<String>();
        for (var request = 0; request < 8; request++) {
            var words = new ArrayList<>(options);
            words.add("/web");
            answers.add(curl(network, words.toArray(String[]::new)));
        }
        return answers;
    }

    /// Status and body of the answer.
    ///
    /// @param words options of curl, the path, headers
    private static String curl(BalancedNamespace network, String... words) throws IOException {
        var command = new ArrayList<>(List.of("curl", "-s", "-w", " %{http_code}"));
        for (var word : words) {
            if (word.startsWith("/") && !command.getLast().matches("-[bc]")) {
                command.add(URL + word);
            } else if (word.contains(": ")) {
                command.addAll(List.of("-H", word));
            } else {
                command.add(word);
            }
        }
        if (command.stream().noneMatch(word -> word.startsWith("Host: "))) {
            command.addAll(List.of("-H", "Host: a.example.com"));
        }
        var answer = network.inside(command.toArray(String[]::new));
        var space = answer.lastIndexOf(' ');
        return answer.substring(space + 1) + " " + answer.substring(0, space);
    }

    /// @param annotations as YAML, without their prefix
    /// @param paths each leads to the action of its name, or to the Service `web`
    private static Ingress ingress(String annotations, String host, String... paths) {
        var yaml = new StringBuilder("metadata:\n  name: web\n  namespace: shop\n  annotations:\n");
        yaml.append("    alb.ingress.kubernetes.io/target-type: ip\n");
        yaml.append("    alb.ingress.kubernetes.io/scheme: internet-facing\n");
        annotations
                .lines()
                .forEach(line ->
                        yaml.append("    alb.ingress.kubernetes.io/").append(line).append('\n'));
        yaml.append("spec:\n  ingressClassName: alb\n  rules:\n    - host: '").append(host);
        yaml.append("'\n      http:\n        paths:\n");
        for (var path : paths) {
            yaml.append(
                    "          - {path: /%s, pathType: Exact, backend: {service: {name: %s, port: {%s}}}}\n"
                            .formatted(
                                    path,
                                    path,
                                    path.equals("web") ? "number: 80" : "name: use-annotation"));
        }
        return Serialization.unmarshal(yaml.toString(), Ingress.class);
    }
}
