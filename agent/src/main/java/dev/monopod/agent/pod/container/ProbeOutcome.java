package dev.monopod.agent.pod.container;

import dev.monopod.host.guest.GuestWords;
import dev.monopod.protocol.guest.ProbeFailure;
import dev.monopod.protocol.guest.ProbeResponse;

/// How one probe attempt ended. An answer that says nothing known is [Unknown], which counts for
/// nothing.
sealed interface ProbeOutcome {
    /// Longer texts are cut, as a kubelet does.
    int TEXT_LIMIT = 10 << 10;

    record Success() implements ProbeOutcome {}

    /// A success to speak of.
    record Warning(String message) implements ProbeOutcome {}

    record Failure(ProbeFailure.Kind kind, String message) implements ProbeOutcome {}

    /// The probe could not be made.
    ///
    /// @param message empty when there is nothing to tell
    record Unknown(String message) implements ProbeOutcome {}

    static ProbeOutcome of(ProbeResponse response) {
        return switch (response.getOutcomeCase()) {
            case SUCCESS -> new Success();
            case WARNING -> new Warning(cut(response.getWarning()));
            case FAILURE ->
                    new Failure(
                            response.getFailure().getKind(),
                            cut(response.getFailure().getMessage()));
            case UNKNOWN -> new Unknown(cut(response.getUnknown()));
            case OUTCOME_NOT_SET -> new Unknown("");
        };
    }

    private static String cut(String text) {
        return GuestWords.cut(text, TEXT_LIMIT);
    }
}
