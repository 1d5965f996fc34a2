package dev.monopod.agent.pod.life;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.agent.pod.life.Traces.GuestContainer;
import dev.monopod.agent.pod.life.Traces.MachineSeen;
import dev.monopod.agent.pod.spec.PodPlan;
import dev.monopod.host.image.ImageStore.ImageConfig;
import dev.monopod.host.image.ImageStore.ResolvedImage;
import dev.monopod.model.time.Moment;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// How a pod is taken up, also without a record.
final class ResumptionTest {
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
    private static final Noted DAMAGED = new Noted.Damaged();
    private static final Noted ABSENT = new Noted.Absent();
    private static final MachineSeen GONE = new MachineSeen.Gone();
    private static final MachineSeen SILENT = new MachineSeen.Silent();

    private static PodPlan plan(String restartPolicy) {
        return PodPlan.of(
                new PodBuilder()
                        .withNewMetadata()
                        .withName("web")
                        .withNamespace("default")
                        .withUid("uid")
                        .endMetadata()
                        .withNewSpec()
                        .withRestartPolicy(restartPolicy)
                        .addNewContainer()
                        .withName("app")
                        .withImage("app:1")
                        .endContainer()
                        .endSpec()
                        .build());
    }

    private static Traces traces(MachineSeen machine, String phase, int... restarts) {
        return new Traces(
                machine,
                Optional.of(phase),
                restarts.length == 0 ? Map.of() : Map.of("app", restarts[0]));
    }

    private static Noted whole(PodState state) {
        var image =
                new ResolvedImage(
                        "app:1",
                        "app:1",
                        "sha256:1",
                        Path.of("/disk"),
                        true,
                        new ImageConfig(
                                List.of(),
                                List.of(),
                                List.of(),
                                "/",
                                "0",
                                Optional.empty(),
                                Map.of(),
                                List.of()));
        return new Noted.Whole(
                PodRecord.of(
                        state,
                        new PodRecord.Facts("m-uid", true, Map.of("app", image), List.of()),
                        Moment.of(NOW)));
    }

    /// It may not run twice.
    @ParameterizedTest
    @ValueSource(strings = {"Pending", "Running"})
    void failsAPodThatNeverRestartsWhenItsRecordIsDamaged(String phase) {
        for (var machine : List.of(GONE, SILENT)) {
            var how = Resumption.of(DAMAGED, plan("Never"), traces(machine, phase), Moment.of(NOW));

            assertThat(how).isInstanceOf(Resumption.Ended.class);
            assertThat(how.state().stage()).isEqualTo(PodState.Stage.OFF);
            assertThat(how.state().failure().orElseThrow().reason()).isEqualTo("PodRecordLost");
            assertThat(PodPhase.of(how.state())).isEqualTo(PodPhase.Failed);
            assertThat(
                            PodMachine.step(
                                            how.state(),
                                            new PodInput.TakenUp(how.lost()),
                                            Moment.of(NOW))
                                    .effects())
                    .noneMatch(effect -> effect instanceof PodEffect.StartUp);
        }
    }

    @Test
    void failsAPodThatNeverRestartsWhenItHadBegunAndItsRecordIsGone() {
        var how = Resumption.of(ABSENT, plan("Never"), traces(GONE, "Running", 0), Moment.of(NOW));

        assertThat(how).isInstanceOf(Resumption.Ended.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"Always", "OnFailure"})
    void beginsAnewAPodThatRestartsAndCountsThat(String restartPolicy) {
        var how =
                Resumption.of(
                        DAMAGED, plan(restartPolicy), traces(GONE, "Running", 3), Moment.of(NOW));

        assertThat(how).isInstanceOf(Resumption.Fresh.class);
        assertThat(how.state().container("app").attempt()).isEqualTo(4);
        assertThat(
                        PodMachine.step(
                                        how.state(),
                                        new PodInput.TakenUp(how.lost()),
                                        Moment.of(NOW))
                                .effects())
                .contains(new PodEffect.StartUp());
    }

    @Test
    void adoptsAMachineThatAnswersAsItTells() {
        var told =
                new MachineSeen.Answers(
                        List.of(
                                new GuestContainer("app", 1, NOW.minusSeconds(60)),
                                new GuestContainer("app", 2, NOW.minusSeconds(5)),
                                new GuestContainer("unknown", 0, NOW)));
        for (var restartPolicy : List.of("Always", "OnFailure", "Never")) {
            var how =
                    Resumption.of(
                            DAMAGED,
                            plan(restartPolicy),
                            traces(told, "Running", 2),
                            Moment.of(NOW));

            assertThat(how).isInstanceOf(Resumption.Ongoing.class);
            var app = how.state().container("app");
            assertThat(app.attempt()).isEqualTo(2);
            assertThat(app.phase()).isEqualTo(new ContainerPhase.Running(NOW.minusSeconds(5)));
            assertThat(how.state().initialized()).isTrue();
            var ready = PodMachine.step(how.state(), new PodInput.MachineReady(), Moment.of(NOW));
            assertThat(ready.effects()).contains(new PodEffect.ListContainers());
        }
    }

    @Test
    void beginsAPodThatHasNoRecordAndNeverBegan() {
        assertThat(Resumption.of(ABSENT, plan("Never"), traces(GONE, "Pending"), Moment.of(NOW)))
                .isInstanceOf(Resumption.Fresh.class);
    }

    @Test
    void leavesAPodAloneThatIsOver() {
        for (var noted : List.of(ABSENT, DAMAGED)) {
            assertThat(
                            Resumption.of(
                                    noted,
                                    plan("Never"),
                                    traces(GONE, "Succeeded", 0),
                                    Moment.of(NOW)))
                    .isInstanceOf(Resumption.Forgotten.class);
        }
    }

    /// A machine that went before anything ran in it is no loss.
    @Test
    void losesAMachineOnlyIfSomethingRan() {
        var waiting = PodState.initial(plan("Never"), Moment.of(NOW));
        assertThat(
                        Resumption.of(
                                whole(waiting),
                                plan("Never"),
                                traces(GONE, "Pending"),
                                Moment.of(NOW)))
                .isInstanceOf(Resumption.Fresh.class);

        var app = waiting.container("app");
        var starting = waiting.with(app.withPhase(new ContainerPhase.Starting()));
        assertThat(
                        Resumption.of(
                                whole(starting),
                                plan("Never"),
                                traces(GONE, "Pending"),
                                Moment.of(NOW)))
                .isInstanceOf(Resumption.Lost.class);
        assertThat(
                        Resumption.of(
                                whole(starting),
                                plan("Never"),
                                traces(SILENT, "Running"),
                                Moment.of(NOW)))
                .isInstanceOf(Resumption.Ongoing.class);
    }
}
