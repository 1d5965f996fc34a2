package dev.monopod.controller.scheduling;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.controller.node.FargateNode;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Contract: "Affinity ignored, but nodeSelector/nodeAffinity on zone is honoured".
final class NodeTermsTest {
    private static final Map<String, String> ZONE_A = FargateNode.labels("us-west-2a", "us-west-2");
    private static final Map<String, String> ZONE_B = FargateNode.labels("us-west-2b", "us-west-2");

    @Test
    void acceptsAPodThatAsksForNothing() {
        assertThat(NodeTerms.accepts(spec("{}"), ZONE_A)).isTrue();
    }

    @Test
    void honoursTheZoneOfTheNodeSelector() {
        var spec = spec("{nodeSelector: {topology.kubernetes.io/zone: us-west-2a}}");

        assertThat(NodeTerms.accepts(spec, ZONE_A)).isTrue();
        assertThat(NodeTerms.accepts(spec, ZONE_B)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{kubernetes.io/os: linux}",
                "{kubernetes.io/arch: amd64}",
                "{beta.kubernetes.io/os: linux, beta.kubernetes.io/arch: amd64}",
                "{eks.amazonaws.com/compute-type: fargate}",
                "{topology.kubernetes.io/region: us-west-2}",
                "{failure-domain.beta.kubernetes.io/region: us-west-2}",
                "{failure-domain.beta.kubernetes.io/zone: us-west-2a}"
            })
    void acceptsSelectorsOfLabelsThatEveryNodeCarries(String selector) {
        assertThat(NodeTerms.accepts(spec("{nodeSelector: " + selector + "}"), ZONE_A)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{disktype: ssd}",
                "{kubernetes.io/os: windows}",
                "{kubernetes.io/arch: arm64}",
                "{kubernetes.io/os: linux, disktype: ssd}"
            })
    void refusesSelectorsThatNoNodeCanMeet(String selector) {
        assertThat(NodeTerms.accepts(spec("{nodeSelector: " + selector + "}"), ZONE_A)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{key: topology.kubernetes.io/zone, operator: In, values: [us-west-2a, us-west-2c]}",
                "{key: topology.kubernetes.io/zone, operator: NotIn, values: [us-west-2b]}",
            })
    void honoursTheZoneOfTheRequiredNodeAffinity(String expression) {
        var spec = required("[{matchExpressions: [" + expression + "]}]");

        assertThat(NodeTerms.accepts(spec, ZONE_A)).isTrue();
        assertThat(NodeTerms.accepts(spec, ZONE_B)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{key: eks.amazonaws.com/compute-type, operator: Exists}",
                "{key: disktype, operator: DoesNotExist}",
                "{key: disktype, operator: NotIn, values: [ssd]}"
            })
    void readsTheOperatorsAsKubernetesDoes(String expression) {
        assertThat(
                        NodeTerms.accepts(
                                required("[{matchExpressions: [" + expression + "]}]"), ZONE_A))
                .isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{key: eks.amazonaws.com/compute-type, operator: DoesNotExist}",
                "{key: disktype, operator: Exists}",
                "{key: disktype, operator: In, values: [ssd]}",
                "{key: cores, operator: Gt, values: ['4']}",
                "{key: cores, operator: Lt, values: ['4']}"
            })
    void refusesExpressionsThatNoNodeCanMeet(String expression) {
        assertThat(
                        NodeTerms.accepts(
                                required("[{matchExpressions: [" + expression + "]}]"), ZONE_A))
                .isFalse();
    }

    @Test
    void needsOneOfTheTermsAndEveryExpressionOfIt() {
        var impossible = "{key: disktype, operator: Exists}";
        var met = "{key: topology.kubernetes.io/zone, operator: In, values: [us-west-2a]}";

        assertThat(
                        NodeTerms.accepts(
                                required(
                                        "[{matchExpressions: [%s]}, {matchExpressions: [%s]}]"
                                                .formatted(impossible, met)),
                                ZONE_A))
                .isTrue();
        assertThat(
                        NodeTerms.accepts(
                                required(
                                        "[{matchExpressions: [%s, %s]}]"
                                                .formatted(met, impossible)),
                                ZONE_A))
                .isFalse();
    }

    @Test
    void selectsNothingByAnEmptyTermOrByTheNameOfANode() {
        assertThat(NodeTerms.accepts(required("[{}]"), ZONE_A)).isFalse();
        assertThat(
                        NodeTerms.accepts(
                                required(
                                        "[{matchFields: [{key: metadata.name, operator: In, values: [n]}]}]"),
                                ZONE_A))
                .isFalse();
    }

    @Test
    void ignoresPreferencesAndPodAffinity() {
        assertThat(
                        NodeTerms.accepts(
                                spec(
                                        """
                                        affinity:
                                          nodeAffinity:
                                            preferredDuringSchedulingIgnoredDuringExecution:
                                            - weight: 1
                                              preference: {matchExpressions: [{key: disktype, operator: Exists}]}
                                          podAntiAffinity:
                                            requiredDuringSchedulingIgnoredDuringExecution:
                                            - {topologyKey: topology.kubernetes.io/zone}
                                        """),
                                ZONE_A))
                .isTrue();
    }

    @Test
    void namesWhatNoPlaceMeets() {
        var zones = List.of(ZONE_A, ZONE_B);
        var wrong =
                spec(
                        "{nodeSelector: {kubernetes.io/os: linux, topology.kubernetes.io/zone:"
                                + " us-west-2c}}");
        assertThat(NodeTerms.unmet(wrong, zones))
                .isEqualTo("nodeSelector topology.kubernetes.io/zone=us-west-2c");
        assertThat(
                        NodeTerms.unmet(
                                required(
                                        "[{matchExpressions: [{key: disk, operator: In, values: [a, b]},"
                                                + " {key: gpu, operator: Exists}]}, {}]"),
                                zones))
                .isEqualTo(
                        "required node affinity (disk In [a, b] and gpu Exists) or (a term without"
                                + " expressions)");
        var contradiction =
                required(
                        "[{matchExpressions: [{key: topology.kubernetes.io/zone, operator: In, values:"
                                + " [us-west-2b]}]}]");
        contradiction.setNodeSelector(Map.of("topology.kubernetes.io/zone", "us-west-2a"));
        assertThat(NodeTerms.unmet(contradiction, zones))
                .isEqualTo(
                        "nodeSelector topology.kubernetes.io/zone=us-west-2a and required node affinity"
                                + " (topology.kubernetes.io/zone In [us-west-2b])");
    }

    @Test
    void saysLongTermsInShort() {
        var values = IntStream.range(0, 100).mapToObj(Integer::toString).toList();
        var terms =
                required(
                        "[{matchExpressions: [{key: disk, operator: In, values: %s}]}]"
                                .formatted(values));
        assertThat(NodeTerms.unmet(terms, List.of(ZONE_A)))
                .isEqualTo("required node affinity (disk In [0, 1, 2, 3, 4, 95 more])");
    }

    private static PodSpec required(String terms) {
        return spec(
                "{affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution:"
                        + " {nodeSelectorTerms: "
                        + terms
                        + "}}}}");
    }

    private static PodSpec spec(String yaml) {
        return Serialization.unmarshal("---\n" + yaml, PodSpec.class);
    }
}
