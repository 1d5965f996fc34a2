package dev.monopod.controller.machine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.controller.machine.HostSightings.Verdict;
import dev.monopod.controller.machine.MachineFate.PodEnd;
import dev.monopod.controller.machine.MachineFate.PodSight;
import dev.monopod.controller.machine.MachineFate.Stage;
import dev.monopod.kube.api.Machine;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/// Every host × every pod × every Machine.
final class MachineFateTest {
    @ParameterizedTest
    @EnumSource(PodSight.class)
    void leavesMachinesOfALivingHostToTheirAgent(PodSight pod) {
        assertThat(MachineFate.of(Stage.LEAVING, pod, Verdict.THERE))
                .isEqualTo(new MachineFate.Keep());
        assertThat(MachineFate.of(Stage.WANTED, pod, Verdict.THERE))
                .isEqualTo(
                        pod == PodSight.GONE ? new MachineFate.Delete() : new MachineFate.Keep());
    }

    @ParameterizedTest
    @CsvSource({
        "GONE, NOTHING",
        "UNBOUND, NOTHING",
        "BOUND, FAIL",
        "OVER, NOTHING",
        "LEAVING, DELETE"
    })
    void forgetsMachinesOfALostHostAndTellsTheirPods(PodSight pod, PodEnd end) {
        for (var stage : List.of(Stage.WANTED, Stage.LEAVING)) {
            assertThat(MachineFate.of(stage, pod, Verdict.LOST))
                    .isEqualTo(new MachineFate.Forget(end));
        }
    }

    @ParameterizedTest
    @EnumSource(PodSight.class)
    void leavesAMachineToOthersOnceNothingOfOursKeepsIt(PodSight pod) {
        for (var host : Verdict.values()) {
            assertThat(MachineFate.of(Stage.RELEASED, pod, host)).isEqualTo(new MachineFate.Keep());
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "WANTED   | {finalizers: [monopod.dev/agent]}",
                "WANTED   | {}",
                "LEAVING  | {deletionTimestamp: x, finalizers: [monopod.dev/agent, example.com/a]}",
                "RELEASED | {deletionTimestamp: x, finalizers: [example.com/a]}"
            })
    void seesHowFarAMachineIs(Stage stage, String metadata) {
        var machine =
                Serialization.unmarshal(
                        "---\n{apiVersion: monopod.dev/v1, kind: Machine, metadata: "
                                + metadata
                                + "}",
                        Machine.class);

        assertThat(Stage.of(machine)).isEqualTo(stage);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "GONE    | {metadata: {uid: other}, spec: {nodeName: n}}",
                "UNBOUND | {metadata: {uid: u}, spec: {}}",
                "UNBOUND | {metadata: {uid: u}, spec: {}, status: {phase: Pending}}",
                "BOUND   | {metadata: {uid: u}, spec: {nodeName: n}}",
                "BOUND   | {metadata: {uid: u}, spec: {nodeName: n}, status: {phase: Running}}",
                "OVER    | {metadata: {uid: u}, spec: {nodeName: n}, status: {phase: Succeeded}}",
                "OVER    | {metadata: {uid: u}, spec: {nodeName: n}, status: {phase: Failed}}",
                "LEAVING | {metadata: {uid: u, deletionTimestamp: '2026-01-01T00:00:00Z'}, spec: {}}"
            })
    void seesHowFarAPodIs(PodSight sight, String pod) {
        assertThat(PodSight.of(pod(pod), "u")).isEqualTo(sight);
        assertThat(PodSight.of(null, "u")).isEqualTo(PodSight.GONE);
    }

    @Test
    void tellsThePodOfALostHostTheTruth() {
        var pod =
                pod(
                        """
                        metadata: {name: p, namespace: shop, uid: u, resourceVersion: '7'}
                        status:
                          phase: Running
                          conditions:
                          - {type: Ready, status: 'True'}
                          - {type: ContainersReady, status: 'True'}
                          - {type: PodScheduled, status: 'True'}
                        """);

        var patch =
                LostPod.failed(
                        pod, "host-1", HostSightings.LOST, Instant.parse("2026-01-01T00:00:00.5Z"));

        var message = "host host-1 is lost: nothing was heard of it for 300 seconds";
        assertThat(patch).containsEntry("metadata", Map.of("uid", "u", "resourceVersion", "7"));
        var status = (Map<?, ?>) patch.get("status");
        assertThat(status.get("phase")).isEqualTo("Failed");
        assertThat(status.get("reason")).isEqualTo("HostLost");
        assertThat(status.get("message")).isEqualTo(message);
        assertThat((List<?>) status.get("conditions"))
                .map(PodCondition.class::cast)
                .extracting(PodCondition::getType, PodCondition::getStatus)
                .map(Object::toString)
                .containsExactly(
                        "(\"Ready\", \"False\")",
                        "(\"ContainersReady\", \"False\")",
                        "(\"PodScheduled\", \"True\")",
                        "(\"DisruptionTarget\", \"True\")");
    }

    private static Pod pod(String yaml) {
        return Serialization.unmarshal("---\n" + yaml, Pod.class);
    }
}
