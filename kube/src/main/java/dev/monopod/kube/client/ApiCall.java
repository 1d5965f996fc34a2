package dev.monopod.kube.client;

import io.fabric8.kubernetes.client.KubernetesClientException;
import java.util.Optional;
import java.util.function.Supplier;

/// Calls to the API server of which an answer other than success is expected.
public final class ApiCall {
    private ApiCall() {}

    /// Makes the call, and lets one expected answer pass; any other is thrown on.
    ///
    /// @return whether the call succeeded
    public static boolean ignoring(ApiCode expected, Runnable call) {
        return unless(
                        expected,
                        () -> {
                            call.run();
                            return true;
                        })
                .orElse(false);
    }

    /// What the call returns; empty at the expected answer. Any other is thrown on.
    public static <T> Optional<T> unless(ApiCode expected, Supplier<T> call) {
        try {
            return Optional.of(call.get());
        } catch (KubernetesClientException e) {
            if (expected.in(e)) {
                return Optional.empty();
            }
            throw e;
        }
    }
}
