package dev.monopod.agent.kubelet;

import io.fabric8.kubernetes.api.model.Status;
import io.fabric8.kubernetes.api.model.StatusBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;

/// How an exec or attach ended, as the error stream tells it.
sealed interface Outcome {
    record Exited(int code) implements Outcome {}

    record Failed(String message) implements Outcome {}

    /// As a Kubernetes Status (protocols from v4 on).
    default String json() {
        return Serialization.asJson(status());
    }

    /// As text, empty on success (protocols before v4).
    default String text() {
        return switch (this) {
            case Exited(int code) when code == 0 -> "";
            case Exited(int code) -> exitMessage(code);
            case Failed(String message) -> message;
        };
    }

    private Status status() {
        return switch (this) {
            case Exited(int code) when code == 0 ->
                    new StatusBuilder().withStatus("Success").build();
            case Exited(int code) ->
                    new StatusBuilder()
                            .withStatus("Failure")
                            .withReason("NonZeroExitCode")
                            .withMessage(exitMessage(code))
                            .withNewDetails()
                            .addNewCause("", Integer.toString(code), "ExitCode")
                            .endDetails()
                            .build();
            case Failed(String message) ->
                    new StatusBuilder()
                            .withStatus("Failure")
                            .withReason("InternalError")
                            .withMessage(message)
                            .withNewDetails()
                            .addNewCause("", message, "")
                            .endDetails()
                            .withCode(500)
                            .build();
        };
    }

    private static String exitMessage(int code) {
        return "command terminated with non-zero exit code: exit status " + code;
    }
}
