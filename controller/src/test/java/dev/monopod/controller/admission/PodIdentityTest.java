package dev.monopod.controller.admission;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PodIdentityTest {
    private static final Map<String, String> NO_ANNOTATIONS = Map.of();
    private static final String ROLE = "arn:aws:iam::111122223333:role/reader";

    private static JsonNode yaml(String text) {
        try {
            return new YAMLMapper().readTree(text);
        } catch (IOException malformed) {
            throw new UncheckedIOException(malformed);
        }
    }

    private static JsonNode applied(String pod) {
        var object = (ObjectNode) yaml(pod);
        new PodIdentity("us-west-2").apply(object, NO_ANNOTATIONS);
        return object;
    }

    @Test
    void givesEveryContainerWhatSdksLookFor() {
        var before =
                """
                metadata: {}
                spec:
                  initContainers: [{name: i}]
                  containers: [{name: c, env: [{name: A, value: b}]}]
                  volumes: [{name: v, emptyDir: {}}]
                """;
        var given =
                """
                - {name: AWS_STS_REGIONAL_ENDPOINTS, value: regional}
                - {name: AWS_DEFAULT_REGION, value: us-west-2}
                - {name: AWS_REGION, value: us-west-2}
                - {name: AWS_CONTAINER_CREDENTIALS_FULL_URI, value: 'http://169.254.170.23/v1/credentials'}
                - {name: AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE, value: /var/run/secrets/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token}
                """;
        var mounts =
                "[{name: eks-pod-identity-token, mountPath: /var/run/secrets/pods.eks.amazonaws.com/serviceaccount, readOnly: true}]";

        var after = applied(before);

        assertThat(after.at("/spec/initContainers/0/env")).isEqualTo(yaml(given));
        assertThat(after.at("/spec/initContainers/0/volumeMounts")).isEqualTo(yaml(mounts));
        assertThat(after.at("/spec/containers/0/env"))
                .isEqualTo(yaml("- {name: A, value: b}\n" + given));
        assertThat(after.at("/spec/volumes"))
                .hasToString(
                        yaml("""
                        - name: eks-pod-identity-token
                          projected:
                            sources: [{serviceAccountToken: {audience: pods.eks.amazonaws.com, expirationSeconds: 86400, path: eks-pod-identity-token}}]
                        - {name: v, emptyDir: {}}
                        """)
                                .toString());
        assertThat(applied(after.toString())).hasToString(after.toString());
    }

    @Test
    void leavesAContainerItsOwnCredentials() {
        var after =
                applied(
                        "{metadata: {}, spec: {containers: [{name: c, env: [{name: AWS_CONTAINER_CREDENTIALS_FULL_URI, value: own}]}]}}");

        assertThat(after.at("/spec/containers/0/env").toString())
                .contains("\"own\"", "AWS_REGION")
                .doesNotContain("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    }

    @Test
    void leavesAloneWhatOptsOut() {
        var whole =
                "{metadata: {labels: {eks.amazonaws.com/skip-pod-identity-webhook: ''}}, spec: {containers: [{name: c}]}}";
        assertThat(applied(whole)).isEqualTo(yaml(whole));

        var some =
                applied(
                        "{metadata: {annotations: {eks.amazonaws.com/skip-containers: c}}, spec: {containers: [{name: c}, {name: d}]}}");
        assertThat(some.at("/spec/containers/0").has("env")).isFalse();
        assertThat(some.at("/spec/containers/1").has("env")).isTrue();
    }

    /// The account's annotation names a role too, which the association overrides.
    @Test
    void aPodWithTheseCredentialsLacksNoOthers() {
        var pod =
                new KubernetesSerialization()
                        .unmarshal(
                                "---\n"
                                        + applied(
                                                "{metadata: {}, spec: {containers: [{name: c}]}}"),
                                Pod.class);

        assertThat(IamRole.missing(pod, Map.of("eks.amazonaws.com/role-arn", ROLE))).isEmpty();
    }

    @Test
    void tellsWhereTheStsOfARoleOfThisClusterIs() {
        var pod = (ObjectNode) yaml("{metadata: {}, spec: {containers: [{name: c}]}}");
        new IamRole("us-west-2", ROLE::equals)
                .apply(pod, Map.of("eks.amazonaws.com/role-arn", ROLE));
        var env = pod.at("/spec/containers/0/env");
        assertThat(env.get(env.size() - 1))
                .isEqualTo(yaml("{name: AWS_ENDPOINT_URL_STS, value: 'http://169.254.170.23'}"));

        var own =
                (ObjectNode)
                        yaml(
                                "{metadata: {}, spec: {containers: [{name: c, env: [{name: AWS_ENDPOINT_URL_STS, value: own}]}]}}");
        new IamRole("us-west-2", ROLE::equals)
                .apply(own, Map.of("eks.amazonaws.com/role-arn", ROLE));
        assertThat(own.at("/spec/containers/0/env").toString())
                .contains("\"own\"")
                .doesNotContain("169.254");
    }
}
