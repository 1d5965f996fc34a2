package dev.monopod.agent.pod.life;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.agent.pod.spec.PodPlan;
import dev.monopod.model.time.Moment;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class ForcedEndTest {
    private static final Instant NOW = Instant.EPOCH;
    private static final Duration GRACE = Duration.ofSeconds(5);

    /// A pod that is being deleted, and whose container does not die.
    private static PodState stuck() {
        Pod pod =
                Serialization.unmarshal(
                        """
                        apiVersion: v1
                        kind: Pod
                        metadata: {name: web, namespace: shop, uid: u1}
                        spec: {containers: [{name: app}]}
                        """,
                        Pod.class);
        PodState state = PodState.initial(PodPlan.of(pod), Moment.of(NOW));
        for (PodInput input :
                List.of(
                        new PodInput.Bound(),
                        new PodInput.MachineReady(),
                        new PodInput.Prepared(),
                        new PodInput.ImageReady("app"),
                        new PodInput.Started("app", 0, NOW),
                        new PodInput.Deletion(GRACE))) {
            state = PodMachine.step(state, input, Moment.of(NOW)).state();
        }
        return state;
    }

    @Test
    void waitsForContainersAsLongAsTheyMayTakeToDie() {
        Instant last = NOW.plus(GRACE).plus(ForcedEnd.PATIENCE);
        assertThat(PodMachine.nextTick(stuck(), NOW)).contains(last);
        assertThat(
                        PodMachine.step(
                                        stuck(),
                                        new PodInput.Tick(),
                                        Moment.of(last.minusMillis(1)))
                                .effects())
                .isEmpty();
    }

    @Test
    void thenEndsThemWithTheirMachine() {
        Instant last = NOW.plus(GRACE).plus(ForcedEnd.PATIENCE);
        PodMachine.Step step = PodMachine.step(stuck(), new PodInput.Tick(), Moment.of(last));
        assertThat(step.effects()).containsExactly(new PodEffect.PowerOff());
        assertThat(step.state().container("app").phase())
                .isInstanceOfSatisfying(
                        ContainerPhase.Terminated.class,
                        ended -> {
                            assertThat(ended.termination().exitCode()).isEqualTo(137);
                            assertThat(ended.termination().reason())
                                    .isEqualTo("ContainerStatusUnknown");
                        });
    }
}
