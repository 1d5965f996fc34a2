package dev.monopod.host.network;

import java.util.Collection;
import java.util.HashSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// One lock per name. Whoever takes several waits until all are free and then has them all, so no
/// two can wait for each other. Nothing stays of a name that nobody holds. Not reentrant.
final class KeyedLocks {
    private final ReentrantLock mutex = new ReentrantLock();
    private final Condition released = mutex.newCondition();
    private final Set<String> taken = new HashSet<>();

    /// Gives the names back when closed.
    interface Held extends AutoCloseable {
        @Override
        void close();
    }

    /// Waits until nobody else has any of these.
    Held take(Collection<String> names) throws InterruptedException {
        var wanted = new TreeSet<>(names);
        mutex.lockInterruptibly();
        try {
            while (wanted.stream().anyMatch(taken::contains)) {
                released.await();
            }
            taken.addAll(wanted);
        } finally {
            mutex.unlock();
        }
        return () -> release(wanted);
    }

    private void release(Set<String> names) {
        mutex.lock();
        try {
            taken.removeAll(names);
            released.signalAll();
        } finally {
            mutex.unlock();
        }
    }
}
