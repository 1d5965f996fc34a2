package dev.monopod.agent.pod.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ContainerStatusBuilder;
import io.fabric8.kubernetes.api.model.PodStatusBuilder;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class StatusPatchTest {
    @Test
    void clearsWhatAConditionSaidBefore() {
        Map<String, Object> patch =
                StatusPatch.of(
                        new PodStatusBuilder()
                                .addNewCondition()
                                .withType("Ready")
                                .withStatus("True")
                                .endCondition()
                                .build());
        assertThat(new KubernetesSerialization().asJson(patch.get("conditions")))
                .contains("\"reason\":null", "\"message\":null");
    }

    @Test
    void tellsOfEphemeralContainers() {
        Map<String, Object> patch =
                StatusPatch.of(
                        new PodStatusBuilder()
                                .withEphemeralContainerStatuses(
                                        new ContainerStatusBuilder().withName("debugger").build())
                                .build());
        assertThat(patch).containsKey("ephemeralContainerStatuses");
    }

    @Test
    void namesTheConditionsOfAResizeThatIsOver() {
        Map<String, Object> patch = StatusPatch.of(new PodStatusBuilder().build());

        assertThat(patch.get("conditions"))
                .isEqualTo(
                        List.of(
                                Map.of("$patch", "delete", "type", "PodResizePending"),
                                Map.of("$patch", "delete", "type", "PodResizeInProgress")));
    }
}
