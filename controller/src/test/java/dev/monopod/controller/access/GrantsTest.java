package dev.monopod.controller.access;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.controller.access.Grant.Place;
import dev.monopod.kube.api.Host;
import dev.monopod.kube.api.Machine;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.rbac.PolicyRule;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class GrantsTest {
    private static final PodNeeds WEB = new PodNeeds(Set.of("key"), Set.of("words"), "web");
    private static final PodNeeds JOB = new PodNeeds(Set.of("key", "other"), Set.of(), "job");

    @Test
    void findsEveryReferenceOfAPod() {
        var pod =
                Serialization.unmarshal(
                        """
                        spec:
                          serviceAccountName: web
                          imagePullSecrets: [{name: pull}, {}]
                          initContainers:
                            - envFrom: [{secretRef: {name: init-secret}}, {configMapRef: {name: init-map}}]
                          containers:
                            - env:
                                - {name: A, value: plain}
                                - {name: B, valueFrom: {secretKeyRef: {name: env-secret, key: k}}}
                                - {name: C, valueFrom: {configMapKeyRef: {name: env-map, key: k}}}
                                - {name: D, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
                          ephemeralContainers:
                            - env:
                                - {name: E, valueFrom: {secretKeyRef: {name: debug-secret, key: k}}}
                              envFrom: [{configMapRef: {name: debug-map}}]
                          volumes:
                            - {name: a, secret: {secretName: volume-secret}}
                            - {name: b, configMap: {name: volume-map}}
                            - name: c
                              projected:
                                sources:
                                  - {secret: {name: projected-secret}}
                                  - {configMap: {name: projected-map}}
                                  - {serviceAccountToken: {path: token}}
                            - {name: d, emptyDir: {}}
                        """,
                        Pod.class);

        assertThat(PodNeeds.of(pod))
                .isEqualTo(
                        new PodNeeds(
                                Set.of(
                                        "pull",
                                        "init-secret",
                                        "env-secret",
                                        "debug-secret",
                                        "volume-secret",
                                        "projected-secret"),
                                Set.of(
                                        "init-map",
                                        "env-map",
                                        "debug-map",
                                        "volume-map",
                                        "projected-map"),
                                "web"));
    }

    @Test
    void givesEachHostInEachNamespaceWhatItsOwnPodsName() {
        var machines =
                List.of(
                        machine("m-1", "a", "shop"),
                        machine("m-2", "a", "shop"),
                        machine("m-3", "b", "bank"));
        var needs = Map.of("m-1", WEB, "m-2", JOB, "m-3", WEB);

        var grants = Grants.of(machines, List.of(), Map.of(), m -> needs.get(name(m)));

        assertThat(grants).hasSize(4);
        assertThat(text(grants.get(new Place("shop", "a"))))
                .containsExactly(
                        "configmaps [words] [get]",
                        "secrets [key, other] [get]",
                        "serviceaccounts [job, web] [serve]");
        assertThat(text(grants.get(new Place("bank", "b"))))
                .containsExactly(
                        "configmaps [words] [get]",
                        "secrets [key] [get]",
                        "serviceaccounts [web] [serve]");
        assertThat(text(grants.get(new Place(Grants.LEASES, "a"))))
                .containsExactly("nodes [node-m-1, node-m-2] [serve]");
    }

    /// A rule without names would be one for all of them.
    @Test
    void makesNoRuleWithoutNames() {
        var nothing =
                Grants.of(
                        List.of(machine("m-1", "a", "shop")),
                        List.of(),
                        Map.of(),
                        _ -> new PodNeeds(Set.of(), Set.of(), "default"));

        assertThat(text(nothing.get(new Place("shop", "a"))))
                .containsExactly("serviceaccounts [default] [serve]");
        assertThat(new Grant().rules()).isEmpty();
    }

    @Test
    void givesCertificatesToThoseThatServeLoadBalancers() {
        var grants =
                Grants.of(
                        List.of(),
                        List.of(),
                        Map.of("a", Set.of("shop/tls", "bank/tls")),
                        _ -> WEB);

        assertThat(grants.keySet())
                .containsExactlyInAnyOrder(new Place("shop", "a"), new Place("bank", "a"));
        assertThat(text(grants.get(new Place("bank", "a")))).containsExactly("secrets [tls] [get]");
    }

    @Test
    void givesNothingToAHostThatWasRevoked() {
        var host =
                Serialization.unmarshal(
                        "---\n{metadata: {name: a, annotations: {monopod.dev/revoked: now}}}",
                        Host.class);

        var grants =
                Grants.of(
                        List.of(machine("m-1", "a", "shop"), machine("m-2", "b", "shop")),
                        List.of(host),
                        Map.of("a", Set.of("shop/tls")),
                        _ -> WEB);

        assertThat(grants.keySet()).allMatch(place -> place.host().equals("b")).hasSize(2);
    }

    private static List<String> text(Grant grant) {
        return grant.rules().stream().map(GrantsTest::text).toList();
    }

    private static String text(PolicyRule rule) {
        return rule.getResources().getFirst()
                + " "
                + rule.getResourceNames()
                + " "
                + rule.getVerbs();
    }

    private static String name(Machine machine) {
        return machine.getMetadata().getName();
    }

    private static Machine machine(String name, String host, String namespace) {
        return Serialization.unmarshal(
                "---\n{metadata: {name: %1$s}, spec: {host: %2$s, nodeName: node-%1$s, pod: {namespace: %3$s, name: p, uid: u}}}"
                        .formatted(name, host, namespace),
                Machine.class);
    }
}
