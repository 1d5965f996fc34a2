package dev.monopod.agent.pod.container;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.protocol.guest.ContainerStarted;
import dev.monopod.protocol.guest.ContainerUser;
import dev.monopod.protocol.guest.StartContainerResponse;
import dev.monopod.protocol.guest.StartRefusal;
import dev.monopod.protocol.guest.StartRefusal.Kind;
import io.grpc.Status;
import java.time.Instant;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class StartOutcomeTest {
    private static final String MESSAGE = "failed to prepare subPath, says the guest";

    private static StartOutcome refused(Kind kind) {
        return refused(StartRefusal.newBuilder().setKind(kind).setMessage(MESSAGE));
    }

    private static StartOutcome refused(StartRefusal.Builder refusal) {
        return StartOutcome.of(StartContainerResponse.newBuilder().setRefused(refusal).build());
    }

    @Test
    void whatComesOfARefusalIsDecidedByItsKindAndNotByItsWords() {
        StartOutcome ended = new StartOutcome.Ended(MESSAGE);
        Map<Kind, StartOutcome> expected = new EnumMap<>(Kind.class);
        for (Kind kind : Kind.values()) {
            if (kind != Kind.UNRECOGNIZED) {
                expected.put(kind, ended);
            }
        }
        expected.put(Kind.EXISTS, new StartOutcome.Unclear());
        expected.put(Kind.TARGET, new StartOutcome.Later(MESSAGE));
        expected.put(
                Kind.SUB_PATH, new StartOutcome.Unmakeable("CreateContainerConfigError", MESSAGE));
        for (Kind kind : new Kind[] {Kind.USER, Kind.SECCOMP}) {
            expected.put(kind, new StartOutcome.Unmakeable("CreateContainerError", MESSAGE));
        }

        expected.forEach((kind, outcome) -> assertThat(refused(kind)).isEqualTo(outcome));
    }

    @Test
    void endsAnAttemptThatANewerGuestRefusesForAReasonOfItsOwn() {
        assertThat(refused(StartRefusal.newBuilder().setKindValue(99).setMessage(MESSAGE)))
                .isEqualTo(new StartOutcome.Ended(MESSAGE));
    }

    @Test
    void asksForTheListWhenAnAnswerSaysNothing() {
        assertThat(StartOutcome.of(StartContainerResponse.getDefaultInstance()))
                .isEqualTo(new StartOutcome.Unclear());
    }

    @Test
    void tellsWhenAContainerBeganAndWhoItRunsAs() {
        ContainerUser user = ContainerUser.newBuilder().setUid(1000).build();
        ContainerStarted started =
                ContainerStarted.newBuilder().setStartedUnixNanos(1_500_000_000L).build();

        assertThat(StartOutcome.of(StartContainerResponse.newBuilder().setStarted(started).build()))
                .isEqualTo(new StartOutcome.Running(Instant.ofEpochMilli(1500), Optional.empty()));
        assertThat(
                        StartOutcome.of(
                                StartContainerResponse.newBuilder()
                                        .setStarted(started.toBuilder().setUser(user))
                                        .build()))
                .isEqualTo(new StartOutcome.Running(Instant.ofEpochMilli(1500), Optional.of(user)));
    }

    @Test
    void triesAgainWhenTheMachineDoesNotAnswer() {
        for (Status status : new Status[] {Status.UNAVAILABLE, Status.DEADLINE_EXCEEDED}) {
            assertThat(StartOutcome.of(status.withDescription("late")))
                    .isEqualTo(new StartOutcome.Later("late"));
        }
        assertThat(StartOutcome.of(Status.RESOURCE_EXHAUSTED.withDescription("too long")))
                .isEqualTo(new StartOutcome.Ended("too long"));
    }
}
