package dev.monopod.host.image;

import java.io.IOException;
import java.util.concurrent.Semaphore;

/// How many images a host works on at a time, since each costs memory of the agent: what a manifest
/// and a configuration may take, and what the entries of a merge take ([LayerBounds]). Whoever
/// comes first is served first. Thread-safe.
final class Turns {
    private final Semaphore resolving = new Semaphore(6, true);
    private final Semaphore fetching = new Semaphore(16, true);
    private final Semaphore packing = new Semaphore(2, true);

    interface Work<T> {
        T run() throws IOException;
    }

    <T> T resolve(Work<T> work) throws IOException {
        return inTurn(resolving, work);
    }

    <T> T fetch(Work<T> work) throws IOException {
        return inTurn(fetching, work);
    }

    <T> T pack(Work<T> work) throws IOException {
        return inTurn(packing, work);
    }

    private static <T> T inTurn(Semaphore turns, Work<T> work) throws IOException {
        try {
            turns.acquire();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
        try {
            return work.run();
        } finally {
            turns.release();
        }
    }
}
