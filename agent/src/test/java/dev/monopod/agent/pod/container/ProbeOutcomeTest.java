package dev.monopod.agent.pod.container;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.protocol.guest.ProbeFailure;
import dev.monopod.protocol.guest.ProbeResponse;
import org.junit.jupiter.api.Test;

class ProbeOutcomeTest {
    private static ProbeResponse failure(int kind, String message) {
        return ProbeResponse.newBuilder()
                .setFailure(ProbeFailure.newBuilder().setKindValue(kind).setMessage(message))
                .build();
    }

    @Test
    void isWhatTheGuestSays() {
        assertThat(ProbeOutcome.of(ProbeResponse.newBuilder().setSuccess("fine").build()))
                .isEqualTo(new ProbeOutcome.Success());
        assertThat(ProbeOutcome.of(ProbeResponse.newBuilder().setWarning("moved").build()))
                .isEqualTo(new ProbeOutcome.Warning("moved"));
        assertThat(ProbeOutcome.of(ProbeResponse.newBuilder().setUnknown("no such").build()))
                .isEqualTo(new ProbeOutcome.Unknown("no such"));
        assertThat(ProbeOutcome.of(failure(ProbeFailure.Kind.TIMEOUT_VALUE, "late")))
                .isEqualTo(new ProbeOutcome.Failure(ProbeFailure.Kind.TIMEOUT, "late"));
    }

    @Test
    void countsForNothingWhenTheAnswerSaysNothing() {
        assertThat(ProbeOutcome.of(ProbeResponse.getDefaultInstance()))
                .isEqualTo(new ProbeOutcome.Unknown(""));
    }

    @Test
    void isAFailureOfWhateverKind() {
        assertThat(ProbeOutcome.of(failure(4711, "new")))
                .isEqualTo(new ProbeOutcome.Failure(ProbeFailure.Kind.UNRECOGNIZED, "new"));
    }

    @Test
    void cutsWhatIsTooLong() {
        assertThat(ProbeOutcome.of(failure(1, "x".repeat(1 << 20))))
                .isEqualTo(
                        new ProbeOutcome.Failure(
                                ProbeFailure.Kind.ANSWER, "x".repeat(ProbeOutcome.TEXT_LIMIT)));
    }
}
