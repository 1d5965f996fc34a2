package dev.monopod.agent.pod.container;

import dev.monopod.host.guest.GuestWords;
import dev.monopod.protocol.guest.ContainerUser;
import dev.monopod.protocol.guest.StartContainerResponse;
import dev.monopod.protocol.guest.StartRefusal;
import io.grpc.Status;
import java.time.Instant;
import java.util.Optional;

/// What becomes of a container by the guest's answer to its start. Every answer is one of these,
/// whatever a guest that is newer, older or hostile says.
sealed interface StartOutcome {
    /// Longer messages are cut: they go into the pod's status.
    int MESSAGE_LIMIT = 8 << 10;

    /// Its program runs.
    record Running(Instant startedAt, Optional<ContainerUser> user) implements StartOutcome {}

    /// An earlier start has its id, or the answer does not say: the guest's list tells whether it
    /// runs.
    record Unclear() implements StartOutcome {}

    /// It waits until what is missing is there, with the reason `RunContainerError`.
    record Later(String message) implements StartOutcome {}

    /// It can't be made as it is described; it waits with the reason, and is tried again.
    record Unmakeable(String reason, String message) implements StartOutcome {}

    /// The attempt is over, with the reason `StartError`.
    record Ended(String message) implements StartOutcome {}

    static StartOutcome of(StartContainerResponse response) {
        return switch (response.getOutcomeCase()) {
            case STARTED ->
                    new Running(
                            GuestWatch.instant(response.getStarted().getStartedUnixNanos()),
                            response.getStarted().hasUser()
                                    ? Optional.of(response.getStarted().getUser())
                                    : Optional.empty());
            case REFUSED -> of(response.getRefused());
            case OUTCOME_NOT_SET -> new Unclear();
        };
    }

    private static StartOutcome of(StartRefusal refusal) {
        var message = cut(refusal.getMessage());
        return switch (refusal.getKind()) {
            case EXISTS -> new Unclear();
            case TARGET -> new Later(message);
            case SUB_PATH -> new Unmakeable("CreateContainerConfigError", message);
            case USER, SECCOMP -> new Unmakeable("CreateContainerError", message);
            case REQUEST,
                    PROCESSES,
                    MOUNT,
                    ROOT_USER,
                    CAPABILITIES,
                    WORKING_DIRECTORY,
                    NO_SUCH_PROGRAM,
                    NOT_EXECUTABLE,
                    MACHINE,
                    KIND_UNSPECIFIED,
                    UNRECOGNIZED ->
                    new Ended(message);
        };
    }

    /// The call itself failed.
    static StartOutcome of(Status status) {
        var message = cut(Optional.ofNullable(status.getDescription()).orElse(status.toString()));
        var code = status.getCode();
        return code == Status.Code.UNAVAILABLE || code == Status.Code.DEADLINE_EXCEEDED
                ? new Later(message)
                : new Ended(message);
    }

    private static String cut(String message) {
        return GuestWords.cut(message, MESSAGE_LIMIT);
    }
}
