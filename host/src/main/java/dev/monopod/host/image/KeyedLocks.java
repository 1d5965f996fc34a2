package dev.monopod.host.image;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;

/// A lock for each key, for as long as anybody has it or waits for it. Thread-safe.
final class KeyedLocks {
    private final Map<String, Shared> shared = new HashMap<>();

    private static final class Shared {
        private final ReentrantLock lock = new ReentrantLock();
        private int users;
    }

    /// A lock that is held until it is closed.
    interface Held extends AutoCloseable {
        @Override
        void close();
    }

    /// Waits for the lock.
    Held lock(String key) throws InterruptedException {
        var lock = join(key);
        try {
            lock.lockInterruptibly();
        } catch (InterruptedException e) {
            leave(key);
            throw e;
        }
        return () -> {
            lock.unlock();
            leave(key);
        };
    }

    /// Does it if nobody has the lock; tells whether it did.
    boolean ifFree(String key, Task task) throws IOException {
        var lock = join(key);
        try {
            if (!lock.tryLock()) {
                return false;
            }
            try {
                task.run();
                return true;
            } finally {
                lock.unlock();
            }
        } finally {
            leave(key);
        }
    }

    interface Task {
        void run() throws IOException;
    }

    synchronized int size() {
        return shared.size();
    }

    private synchronized ReentrantLock join(String key) {
        var one = shared.computeIfAbsent(key, _ -> new Shared());
        one.users++;
        return one.lock;
    }

    private synchronized void leave(String key) {
        var one = Objects.requireNonNull(shared.get(key));
        one.users--;
        if (one.users == 0) {
            shared.remove(key);
        }
    }
}
