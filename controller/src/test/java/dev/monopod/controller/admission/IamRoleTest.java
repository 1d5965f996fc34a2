package dev.monopod.controller.admission;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// As EKS' own webhook does it, where users can see it.
final class IamRoleTest {
    private static final String ROLE = "arn:aws:iam::1:role/r";
    private static final String MOUNT = "aws-iam-token";

    private final Map<String, String> account =
            new HashMap<>(Map.of("eks.amazonaws.com/role-arn", ROLE));

    @Test
    void appendsVariablesInOrderAndPutsTheVolumeFirst() {
        var pod =
                applied(
                        """
                        metadata: {}
                        spec:
                          volumes: [{name: own, emptyDir: {}}]
                          containers: [{name: c, env: [{name: MINE, value: x}], volumeMounts: [{name: own, mountPath: /o}]}]
                        """);

        assertThat(pod.path("spec").toString())
                .isEqualTo(
                        yaml("""
                        volumes:
                        - name: aws-iam-token
                          projected: {sources: [{serviceAccountToken: {audience: sts.amazonaws.com, expirationSeconds: 86400, path: token}}]}
                        - {name: own, emptyDir: {}}
                        containers:
                        - name: c
                          env:
                          - {name: MINE, value: x}
                          - {name: AWS_STS_REGIONAL_ENDPOINTS, value: regional}
                          - {name: AWS_DEFAULT_REGION, value: us-west-2}
                          - {name: AWS_REGION, value: us-west-2}
                          - {name: AWS_ROLE_ARN, value: 'arn:aws:iam::1:role/r'}
                          - {name: AWS_WEB_IDENTITY_TOKEN_FILE, value: /var/run/secrets/eks.amazonaws.com/serviceaccount/token}
                          volumeMounts:
                          - {name: own, mountPath: /o}
                          - {name: aws-iam-token, mountPath: /var/run/secrets/eks.amazonaws.com/serviceaccount, readOnly: true}
                        """)
                                .toString());
    }

    /// A half of a pair would send a container's own token to another's role.
    @ParameterizedTest
    @CsvSource({
        "AWS_ROLE_ARN, 'AWS_ROLE_ARN,AWS_STS_REGIONAL_ENDPOINTS,AWS_DEFAULT_REGION,AWS_REGION'",
        "AWS_WEB_IDENTITY_TOKEN_FILE,"
                + " 'AWS_WEB_IDENTITY_TOKEN_FILE,AWS_STS_REGIONAL_ENDPOINTS,AWS_DEFAULT_REGION,AWS_REGION'",
        "AWS_REGION,"
                + " 'AWS_REGION,AWS_STS_REGIONAL_ENDPOINTS,AWS_ROLE_ARN,AWS_WEB_IDENTITY_TOKEN_FILE'",
        "AWS_DEFAULT_REGION,"
                + " 'AWS_DEFAULT_REGION,AWS_STS_REGIONAL_ENDPOINTS,AWS_ROLE_ARN,AWS_WEB_IDENTITY_TOKEN_FILE'",
    })
    void addsNothingToAGroupThatAContainerBeganItself(String own, String all) {
        var container = container("env: [{name: " + own + ", value: own}]");

        assertThat(names(container.path("env"))).isEqualTo(List.of(all.split(",")));
        assertThat(names(container.path("volumeMounts"))).containsExactly(MOUNT);
    }

    @Test
    void leavesAContainerAloneThatHasOneOfEachGroup() {
        var container =
                container(
                        "env: [{name: AWS_ROLE_ARN}, {name: AWS_REGION}, {name: AWS_STS_REGIONAL_ENDPOINTS}]");

        assertThat(container.path("env")).hasSize(3);
        assertThat(container.has("volumeMounts")).isFalse();
    }

    @Test
    void leavesAPodAloneThatHasTheLabel() {
        var pod =
                "{metadata: {labels: {eks.amazonaws.com/skip-pod-identity-webhook: 'false'}}, spec: {containers: [{name: c}]}}";

        assertThat(applied(pod)).isEqualTo(yaml(pod));
        assertThat(IamRole.missing(object(pod), account)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "'a,b', true, true",
        "'a, b', true, false",
        "'\"a\",b', true, true",
        "'\"a', false, false",
        "'a\"b,a', false, false",
        "'a\nb', true, false",
        "'', false, false",
    })
    void skipsTheContainersOfOneRecord(String text, boolean skipsA, boolean skipsB) {
        var pod =
                (ObjectNode)
                        yaml(
                                "{metadata: {annotations: {}}, spec: {containers: [{name: a}, {name: b}]}}");
        ((ObjectNode) pod.at("/metadata/annotations"))
                .put("eks.amazonaws.com/skip-containers", text);

        new IamRole("us-west-2", _ -> false).apply(pod, account);

        assertThat(pod.at("/spec/containers/0").has("env")).isEqualTo(!skipsA);
        assertThat(pod.at("/spec/containers/1").has("env")).isEqualTo(!skipsB);
    }

    @ParameterizedTest
    @CsvSource({"false, 0", "F, 0", "0, 0", "False, 0", "true, 1", "no, 1", "'', 1"})
    void asksStsInTheRegionUnlessToldOtherwise(String value, int times) {
        account.put("eks.amazonaws.com/sts-regional-endpoints", value);

        assertThat(names(container("image: i").path("env")))
                .filteredOn("AWS_STS_REGIONAL_ENDPOINTS"::equals)
                .hasSize(times);
    }

    /// The pod's value comes first, and one that cannot be read counts as absent.
    @ParameterizedTest
    @CsvSource({
        "900, 7200, 900",
        "'', 7200, 7200",
        "soon, 7200, 7200",
        "soon, later, 86400",
        "5, 7200, 600",
        "-1, 7200, 600",
    })
    void readsHowLongTheTokenIsGood(String pod, String ofAccount, long seconds) {
        account.put("eks.amazonaws.com/token-expiration", ofAccount);

        var applied =
                applied(
                        "{metadata: {annotations: {eks.amazonaws.com/token-expiration: '%s'}}, spec: {containers: [{name: c}]}}"
                                .formatted(pod));

        assertThat(
                        applied.at(
                                        "/spec/volumes/0/projected/sources/0/serviceAccountToken/expirationSeconds")
                                .asLong())
                .isEqualTo(seconds);
    }

    @Test
    void missesNothingInAContainerThatBringsItsOwn() {
        var own =
                "{metadata: {}, spec: {containers: [{name: c, env: [{name: AWS_ROLE_ARN, value: own}]}]}}";

        assertThat(IamRole.missing(object(own), account)).isEmpty();
        assertThat(
                        IamRole.missing(
                                object("{metadata: {}, spec: {containers: [{name: c}]}}"), account))
                .contains(ROLE);
    }

    private JsonNode container(String fields) {
        return applied("{metadata: {}, spec: {containers: [{name: c, %s}]}}".formatted(fields))
                .at("/spec/containers/0");
    }

    private JsonNode applied(String pod) {
        var object = (ObjectNode) yaml(pod);
        new IamRole("us-west-2", _ -> false).apply(object, account);
        return object;
    }

    private static List<String> names(JsonNode list) {
        return StreamSupport.stream(list.spliterator(), false)
                .map(item -> item.path("name").asText())
                .toList();
    }

    private static Pod object(String pod) {
        return new KubernetesSerialization().unmarshal("---\n" + pod, Pod.class);
    }

    private static JsonNode yaml(String text) {
        try {
            return new YAMLMapper().readTree(text);
        } catch (IOException malformed) {
            throw new UncheckedIOException(malformed);
        }
    }
}
