package dev.monopod.controller.scheduling;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ThreadFactory;
import java.util.function.Supplier;

/// A call to the API server that goes on beside its caller's own. It ends by itself, since calls
/// have a time limit.
record CallBeside<T>(CompletableFuture<T> future) {
    private static final ThreadFactory THREADS =
            Thread.ofVirtual().name("scheduler-beside-", 0).factory();

    static <T> CallBeside<T> begin(Supplier<T> call) {
        return new CallBeside<>(
                CompletableFuture.supplyAsync(call, it -> THREADS.newThread(it).start()));
    }

    /// Waits for what it returns, or throws what it throws.
    T result() {
        try {
            return future.join();
        } catch (CompletionException e) {
            switch (e.getCause()) {
                case RuntimeException own -> throw own;
                case Error own -> throw own;
                case null, default -> throw e;
            }
        }
    }
}
