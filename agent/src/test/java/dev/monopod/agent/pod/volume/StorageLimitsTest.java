package dev.monopod.agent.pod.volume;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.agent.pod.spec.PodResources;
import dev.monopod.agent.pod.volume.StorageLimits.Use;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.math.BigDecimal;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StorageLimitsTest {
    private static final long MEBI = 1 << 20;

    private static StorageLimits limits(String containers, String volumes) {
        return new StorageLimits(
                Serialization.unmarshal(
                        """
                        apiVersion: v1
                        kind: Pod
                        metadata: {name: web, namespace: shop, uid: u1}
                        spec: {containers: [%s], volumes: [%s]}
                        """
                                .formatted(containers, volumes),
                        Pod.class));
    }

    private static String container(String name, String limit) {
        return "{name: %s, resources: {limits: {ephemeral-storage: %s}}}".formatted(name, limit);
    }

    private static Use use(long data, long cache, long first, long second) {
        return new Use(Map.of("data", data, "cache", cache), Map.of("a", first, "b", second));
    }

    @Test
    void watchesOnlyPodsWithLimits() {
        assertThat(limits("{name: a}", "{name: data, emptyDir: {}}").any()).isFalse();
        assertThat(limits("{name: a}", "{name: data, emptyDir: {sizeLimit: 1Mi}}").any()).isTrue();
        assertThat(limits(container("a", "1Mi"), "").any()).isTrue();
    }

    @Test
    void anEmptyDirMayHoldItsLimitAndNoMore() {
        StorageLimits limits =
                limits(
                        "{name: a}",
                        "{name: data, emptyDir: {sizeLimit: 1Mi}}, {name: cache, emptyDir: {}}");

        assertThat(limits.exceeded(use(MEBI, 9 * MEBI, 0, 0))).isEmpty();
        assertThat(limits.exceeded(use(MEBI + 1, 0, 0, 0)))
                .contains("Usage of EmptyDir volume \"data\" exceeds the limit \"1Mi\". ");
    }

    @Test
    void aPodMayUseWhatItsContainersMayTogether() {
        StorageLimits limits =
                limits(
                        container("a", "1Mi") + "," + container("b", "1Mi"),
                        "{name: data, emptyDir: {}}, {name: cache, emptyDir: {medium: Memory}}");

        assertThat(limits.exceeded(use(MEBI, 9 * MEBI, MEBI / 2, MEBI / 2))).isEmpty();
        assertThat(limits.exceeded(use(MEBI, 0, MEBI / 2, MEBI / 2 + 1)))
                .contains(
                        "Pod ephemeral local storage usage exceeds the total limit of containers 2Mi. ");
    }

    @Test
    void aContainerMayNotUseWhatAnotherLeaves() {
        StorageLimits limits = limits(container("a", "1Mi") + "," + container("b", "2M"), "");

        assertThat(limits.exceeded(use(0, 0, MEBI, MEBI))).isEmpty();
        assertThat(limits.exceeded(use(0, 0, 0, 2_000_001)))
                .contains("Container b exceeded its local ephemeral storage limit \"2M\". ");
    }

    @Test
    void initContainersRunBeforeTheOthersAndSidecarsBesideThem() {
        Pod pod =
                Serialization.unmarshal(
                        """
                        apiVersion: v1
                        kind: Pod
                        metadata: {name: web, namespace: shop, uid: u1}
                        spec:
                          initContainers:
                          - {name: side, restartPolicy: Always, resources: {limits: {memory: 1Gi}}}
                          - {name: init, resources: {limits: {memory: 5Gi}}}
                          containers:
                          - {name: a, resources: {limits: {memory: 2Gi}}}
                          - {name: b, resources: {limits: {memory: 1Gi}}}
                        """,
                        Pod.class);
        assertThat(PodResources.wholeLimit(pod, "memory"))
                .hasValueSatisfying(sum -> assertThat(sum).isEqualByComparingTo("6442450944"));
        pod.getSpec().getContainers().getFirst().setResources(null);
        assertThat(PodResources.wholeLimit(pod, "memory")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "1048576, true, 1Mi",
        "1572864, true, 1536Ki",
        "1000, true, 1000",
        "2000000, false, 2M",
        "1500, false, 1500",
        "0, true, 0",
    })
    void writesAmountsAsKubernetesDoes(BigDecimal amount, boolean binary, String text) {
        assertThat(PodResources.text(amount, binary)).isEqualTo(text);
    }
}
