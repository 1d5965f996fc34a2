package dev.monopod.agent.pod.life;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.model.time.Moment;
import dev.monopod.model.time.NotedTime;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The wall clock is set forward or back by an hour while a pod waits for something.
final class ClockJumpTest {
    private static final PodRecord.Facts FACTS =
            new PodRecord.Facts("m-uid", true, Map.of(), List.of());

    private static Container app() {
        return new ContainerBuilder().withName("app").withImage("app:1").build();
    }

    private static PodLife running() {
        PodLife pod =
                new PodLife(spec ->
                        spec.withRestartPolicy("Always")
                                .withTerminationGracePeriodSeconds(20L)
                                .withActiveDeadlineSeconds(600L)
                                .withContainers(app()));
        pod.up();
        pod.runs("app", 0);
        return pod;
    }

    /// Its second attempt has ended, so the third one waits for ten seconds.
    private static PodLife backingOff() {
        PodLife pod = running();
        pod.ended("app", 0, 1);
        pod.runs("app", 1);
        pod.ended("app", 1, 1);
        return pod;
    }

    private static void pass(PodLife pod, Duration time) {
        pod.now = pod.now.plus(time);
        pod.input(new PodInput.Tick());
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 1})
    void aRestartIsNeitherDelayedNorHastened(int hours) {
        PodLife pod = backingOff();

        pod.set = Duration.ofHours(hours);

        pass(pod, Duration.ofSeconds(9));
        assertThat(pod.told()).isEmpty();
        assertThat(PodMachine.nextTick(pod.state, pod.now)).contains(pod.now.plusSeconds(1));
        pass(pod, Duration.ofSeconds(1));
        assertThat(pod.told()).containsExactly("start app 2");
    }

    /// It has a clock of its own, which the agent set when the machine began.
    @ParameterizedTest
    @ValueSource(ints = {-1, 1})
    void aGuestThatTellsOfAnEndAnHourOffChangesNoBackOff(int hours) {
        PodLife pod = running();
        pod.ended("app", 0, 1);
        pod.runs("app", 1);
        var guests = pod.now.plus(Duration.ofHours(hours));

        pod.input(
                new PodInput.Ended(
                        "app", 1, new Termination("id", 1, 0, "Error", "", guests, guests)));

        assertThat(PodMachine.nextTick(pod.state, pod.now)).contains(pod.now.plusSeconds(10));
        assertThat(pod.state.container("app").last().orElseThrow().finishedAt()).isEqualTo(guests);
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 1})
    void whatCannotBeCarriedOutIsTriedAgainAfterTenSeconds(int hours) {
        PodLife pod = backingOff();
        pass(pod, Duration.ofSeconds(10));
        pod.input(new PodInput.ConfigurationTrouble("app", 2, "RunContainerError", ""));

        pod.set = Duration.ofHours(hours);

        pass(pod, Duration.ofSeconds(9));
        assertThat(pod.told()).isEmpty();
        pass(pod, Duration.ofSeconds(1));
        assertThat(pod.told()).containsExactly("start app 2");
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 1})
    void theGraceOfADeletionStaysWhatItIs(int hours) {
        PodLife pod = running();
        pod.input(new PodInput.Deletion(Duration.ofSeconds(20)));

        pod.set = Duration.ofHours(hours);

        pass(pod, Duration.ofSeconds(20).plus(ForcedEnd.PATIENCE).minusSeconds(1));
        assertThat(pod.told()).isEmpty();
        pass(pod, Duration.ofSeconds(1));
        assertThat(pod.told()).containsExactly("power off");
        var end = (ContainerPhase.Terminated) pod.state.container("app").phase();
        assertThat(end.termination().finishedAt()).isEqualTo(pod.moment().wall());
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 1})
    void aDeadlineIsReachedInItsTime(int hours) {
        PodLife pod = running();

        pod.set = Duration.ofHours(hours);

        pass(pod, Duration.ofSeconds(599));
        assertThat(pod.told()).isEmpty();
        pass(pod, Duration.ofSeconds(1));
        assertThat(pod.told()).contains("event DeadlineExceeded");
        assertThat(pod.state.startTime()).isEqualTo(PodLife.T0);
    }

    /// What is left of the waits after the agent was away for three seconds, during which the wall
    /// clock was set by that.
    private static PodState takenUp(PodLife pod, Duration set) throws IOException {
        var record = PodRecord.parse(PodRecord.of(pod.state, FACTS, pod.moment()).json());
        var steady = Instant.parse("2026-01-01T00:00:00Z");
        var wall = pod.moment().wall().plusSeconds(3).plus(set);
        return record.restore(pod.state.plan(), new Moment(wall, steady));
    }

    private static Duration left(PodState state) {
        var steady = Instant.parse("2026-01-01T00:00:00Z");
        return Duration.between(steady, PodMachine.nextTick(state, steady).orElse(steady));
    }

    @Test
    void anAgentThatBeginsGoesOnWithABackOff() throws IOException {
        assertThat(left(takenUp(backingOff(), Duration.ZERO))).isEqualTo(Duration.ofSeconds(7));
    }

    @Test
    void aClockThatWasSetBackWhileTheAgentWasAwayLengthensNoWait() throws IOException {
        assertThat(left(takenUp(backingOff(), Duration.ofHours(-1)))).hasSeconds(10);

        PodLife deleted = running();
        deleted.input(new PodInput.Deletion(Duration.ofSeconds(20)));
        assertThat(left(takenUp(deleted, Duration.ofHours(-1)))).hasSeconds(50);

        PodLife pod = running();
        pass(pod, Duration.ofSeconds(100));
        assertThat(left(takenUp(pod, Duration.ofHours(-1)))).hasSeconds(500);
    }

    @Test
    void aClockThatWasSetForwardWhileTheAgentWasAwayCountsAsTimeThatWentBy() throws IOException {
        var state = takenUp(backingOff(), Duration.ofMinutes(5));

        assertThat(((ContainerPhase.Waiting) state.container("app").phase()).notBefore())
                .isBefore(Instant.parse("2026-01-01T00:00:00Z"));
        assertThat(state.startTime()).isEqualTo(PodLife.T0);
    }

    @Test
    void whatWaitsForNoTimeStillDoes() throws IOException {
        PodLife pod = new PodLife(spec -> spec.withRestartPolicy("Always").withContainers(app()));

        var state = takenUp(pod, Duration.ofHours(1));

        assertThat(((ContainerPhase.Waiting) state.container("app").phase()).atOnce()).isTrue();
        assertThat(state.deletion()).isEmpty();
    }

    /// Of an agent that noted no time of writing.
    @Test
    void readsAnOlderRecordByTheWallClock() {
        var now = new Moment(PodLife.T0, Instant.parse("2026-01-01T00:00:00Z"));

        assertThat(new NotedTime(0, now).steady(PodLife.T0.plusSeconds(5).toEpochMilli()))
                .isEqualTo(now.steady().plusSeconds(5));
    }
}
