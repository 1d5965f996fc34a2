package dev.monopod.agent.pod.life;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.monopod.agent.pod.spec.PodAllocation;
import dev.monopod.agent.pod.spec.PodPlan;
import dev.monopod.agent.pod.status.PodFacts;
import dev.monopod.agent.pod.status.PodStatusView;
import dev.monopod.kube.api.MachineSpec;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// How a pod's resources change while it runs.
final class ResizeRulesTest {
    private static final MachineSpec.Size MACHINE = new MachineSpec.Size(250, 512, 20_480);
    private static final String IN_PROGRESS = "PodResizeInProgress";
    private static final String PENDING = "PodResizePending";

    private final PodLife life = new PodLife(spec -> spec);

    /// A pod of two containers, `app` and `side`.
    ///
    /// @param policy of `app`, when its memory changes
    private static PodPlan plan(String memory, String policy) {
        Pod pod =
                Serialization.unmarshal(
                        """
                        metadata: {name: web, namespace: default, uid: uid, generation: 2}
                        spec:
                          restartPolicy: OnFailure
                          containers:
                            - name: app
                              image: app:1
                              resources: {requests: {memory: %s}}
                              resizePolicy: [{resourceName: memory, restartPolicy: %s}]
                            - name: side
                              image: side:1
                              resources: {requests: {memory: 100Mi}}
                        """
                                .formatted(memory, policy),
                        Pod.class);
        return PodPlan.of(pod, MACHINE);
    }

    private void runs(String memory, String policy) {
        life.state = PodState.initial(plan(memory, policy), life.moment());
        life.up();
        life.runs("app", 0);
        life.runs("side", 0);
    }

    private List<String> resize(String memory, String policy) {
        life.input(new PodInput.Changed(plan(memory, policy)));
        return life.told();
    }

    private int order() {
        return life.state.resize().work().orders();
    }

    private List<String> done() {
        life.input(new PodInput.Resized(order()));
        return life.told();
    }

    private List<String> failed(String message) {
        life.input(new PodInput.ResizeTrouble(order(), message));
        return life.told();
    }

    private List<String> tick(Duration later) {
        life.now = life.now.plus(later);
        life.input(new PodInput.Tick());
        return life.told();
    }

    private PodEffect.Resize ordered() {
        return life.effects.stream()
                .filter(PodEffect.Resize.class::isInstance)
                .map(PodEffect.Resize.class::cast)
                .findFirst()
                .orElseThrow();
    }

    private PodStatus status() {
        return PodStatusView.render(
                life.state,
                new PodFacts("192.168.96.10", "192.168.96.10", Map.of(), Map.of(), 2),
                new PodStatus(),
                List.of(),
                life.now);
    }

    private Optional<PodCondition> condition(String type) {
        return status().getConditions().stream()
                .filter(one -> one.getType().equals(type))
                .findFirst();
    }

    private Quantity memory() {
        return status().getContainerStatuses()
                .getFirst()
                .getResources()
                .getRequests()
                .get("memory");
    }

    private Quantity allocated() {
        return status().getContainerStatuses().getFirst().getAllocatedResources().get("memory");
    }

    private void killAgent() throws IOException {
        PodRecord.Facts facts = new PodRecord.Facts("m-uid", true, Map.of(), List.of());
        PodRecord record = PodRecord.parse(PodRecord.of(life.state, facts, life.moment()).json());
        life.state = record.restore(life.state.plan(), life.moment());
    }

    /// The guest has all that the record speaks of.
    private void foundAgain(int appAttempt) {
        life.up();
        life.started("app", appAttempt);
        life.started("side", 0);
    }

    @Test
    void givesAllRoomThenEachContainerItsLimitsThenAllTheirNewOnes() {
        runs("64Mi", "NotRequired");

        assertThat(resize("96Mi", "NotRequired"))
                .containsExactly("event ResizeStarted", "limit all");
        assertThat(ordered().from().container("app").getRequests())
                .containsEntry("memory", new Quantity("64Mi"));
        assertThat(condition(IN_PROGRESS).orElseThrow().getObservedGeneration()).isEqualTo(2);
        assertThat(allocated()).isEqualTo(new Quantity("96Mi"));
        assertThat(done()).containsExactly("limit app 0");
        assertThat(memory()).isEqualTo(new Quantity("64Mi"));
        assertThat(done()).containsExactly("limit side 0");
        assertThat(memory()).isEqualTo(new Quantity("96Mi"));
        assertThat(done()).containsExactly("limit all");
        assertThat(ordered().from()).isEqualTo(ordered().to());
        assertThat(done()).containsExactly("event ResizeCompleted");
        assertThat(condition(IN_PROGRESS)).isEmpty();
    }

    @Test
    void startsAContainerAnewThatEndsWellWhenItIsStoppedForAResize() {
        runs("64Mi", "RestartContainer");

        resize("96Mi", "RestartContainer");

        assertThat(done()).containsExactly("limit side 0", "stop app 30s ORDINARY");
        assertThat(done()).isEmpty();
        assertThat(life.ended("app", 0, 0)).contains(new PodEffect.StartContainer("app", 1));
        assertThat(life.told()).containsExactly("limit all", "start app 1");
        assertThat(done()).isEmpty();
        assertThat(condition(IN_PROGRESS)).isPresent();
        life.started("app", 1);
        assertThat(life.told()).containsExactly("event ResizeCompleted", "limit app 1");
    }

    @Test
    void startsAContainerAnewOnceThoughTheLastLimitIsTriedAgain() {
        runs("64Mi", "RestartContainer");
        resize("32Mi", "RestartContainer");
        done();
        done();
        life.ended("app", 0, 143);

        assertThat(failed("more is in use")).isEmpty();
        life.runs("app", 1);
        assertThat(life.told()).containsExactly("limit app 1");
        assertThat(done()).isEmpty();
        assertThat(tick(Duration.ofSeconds(5))).containsExactly("limit all");
        assertThat(done()).containsExactly("event ResizeCompleted");
        assertThat(life.state.container("app").attempt()).isEqualTo(1);
        assertThat(life.state.container("app").health().condemned()).isEmpty();
    }

    @Test
    void startsAContainerAnewOnceThoughItsAgentIsKilledMeanwhile() throws IOException {
        runs("64Mi", "RestartContainer");
        resize("96Mi", "RestartContainer");
        done();
        killAgent();

        foundAgain(0);

        assertThat(life.told()).doesNotContain("stop app 30s ORDINARY");
        assertThat(life.state.resize().restarts("app", 0)).isTrue();
        life.ended("app", 0, 0);
        killAgent();
        foundAgain(1);
        life.runs("app", 1);
        while (life.state.resize().work().asked().isPresent()) {
            done();
        }
        assertThat(life.state.resize().course()).isEmpty();
        assertThat(life.state.container("app").attempt()).isEqualTo(1);
        assertThat(life.state.container("app").health().condemned()).isEmpty();
    }

    @Test
    void tellsWhyAResizeDoesNotGetOnAndTriesAgainWhenNothingElseIsToBeDone() {
        runs("64Mi", "NotRequired");
        resize("32Mi", "NotRequired");
        done();

        assertThat(failed("more is in use")).containsExactly("limit side 0");

        PodCondition condition = condition(IN_PROGRESS).orElseThrow();
        assertThat(condition.getReason()).isEqualTo("Error");
        assertThat(condition.getMessage()).isEqualTo("more is in use");
        assertThat(done()).isEmpty();
        assertThat(PodMachine.nextTick(life.state, life.now)).contains(life.now.plusSeconds(5));
        assertThat(tick(Duration.ofSeconds(4))).isEmpty();
        assertThat(tick(Duration.ofSeconds(1))).containsExactly("limit app 0");
        assertThat(done()).containsExactly("limit all");
        assertThat(condition(IN_PROGRESS).orElseThrow().getReason()).isNull();
    }

    @Test
    void refusesWhatItsMachineCannotHold() {
        runs("64Mi", "NotRequired");

        assertThat(resize("500Mi", "NotRequired")).containsExactly("warning ResizeInfeasible");

        PodCondition condition = condition(PENDING).orElseThrow();
        assertThat(condition.getReason()).isEqualTo("Infeasible");
        assertThat(condition.getMessage()).contains("capacity: 536870912");
        assertThat(allocated()).isEqualTo(new Quantity("64Mi"));
        assertThat(tick(Duration.ofSeconds(1))).isEmpty();
        assertThat(resize("64Mi", "NotRequired")).isEmpty();
        assertThat(condition(PENDING)).isEmpty();
    }

    @Test
    void beginsAgainWhenAnotherResizeIsGrantedMeanwhile() {
        runs("64Mi", "NotRequired");
        resize("96Mi", "NotRequired");
        int first = order();

        assertThat(resize("32Mi", "NotRequired")).containsExactly("event ResizeStarted");

        life.input(new PodInput.Resized(first));
        assertThat(life.told()).containsExactly("limit all");
        assertThat(ordered().to().container("app").getRequests())
                .containsEntry("memory", new Quantity("32Mi"));
        life.input(new PodInput.Resized(first));
        assertThat(life.told()).isEmpty();
    }

    @Test
    void leavesAPodAloneThatEnds() {
        runs("64Mi", "RestartContainer");
        resize("96Mi", "RestartContainer");
        life.input(new PodInput.Deletion(Duration.ofSeconds(30)));

        assertThat(done()).isEmpty();
        assertThat(life.state.resize().granted()).isEqualTo(plan("96Mi", "").resources().asked());
    }

    @Test
    void limitsNothingBeforeTheFirstResize() {
        runs("64Mi", "NotRequired");

        assertThat(life.told()).isEmpty();
        assertThat(order()).isZero();
    }

    @Test
    void takesWhatThePodAsksForAsGrantedWhenAnOlderRecordDoesNotSay() throws IOException {
        runs("64Mi", "NotRequired");
        PodRecord.Facts facts = new PodRecord.Facts("m-uid", true, Map.of(), List.of());
        ObjectMapper json = new ObjectMapper();
        ObjectNode older =
                (ObjectNode) json.readTree(PodRecord.of(life.state, facts, life.moment()).json());
        older.remove("resize");

        PodState restored =
                PodRecord.parse(json.writeValueAsBytes(older))
                        .restore(plan("96Mi", "NotRequired"), life.moment());

        assertThat(restored.resize())
                .isEqualTo(ResizeState.initial(plan("96Mi", "NotRequired").resources().asked()));
    }

    @Test
    void readsWhatAnOlderAgentGrantedFromAFileOfItsOwn(@TempDir Path directory) throws IOException {
        runs("64Mi", "NotRequired");
        PodRecord.Facts facts = new PodRecord.Facts("m-uid", true, Map.of(), List.of());
        ObjectMapper json = new ObjectMapper();
        ObjectNode older =
                (ObjectNode) json.readTree(PodRecord.of(life.state, facts, life.moment()).json());
        older.remove("resize");
        Files.writeString(
                directory.resolve("resources.json"),
                """
                {"containers": {"app": {"requests": {"memory": "64Mi"}},
                                "side": {"requests": {"memory": "100Mi"}}}}
                """);

        PodState restored =
                PodRecord.parse(json.writeValueAsBytes(older))
                        .with(PodAllocation.read(directory))
                        .restore(plan("500Mi", "NotRequired"), life.moment());

        assertThat(restored.resize().granted())
                .isEqualTo(plan("64Mi", "NotRequired").resources().asked());
        assertThat(restored.resize().resized()).isTrue();
    }
}
