package dev.monopod.host.machine;

import dev.monopod.host.kernel.SealedMemory;
import java.time.Instant;

/// The memory of a machine that has booted and that no pod was ever in, and the state of its
/// devices. Nobody can change either: they are sealed. Thread-safe.
final class Template {
    private final SealedMemory memory;
    private final SealedMemory state;
    private final Instant made;
    private int copies;
    private int users;
    private boolean retired;

    /// @param memory sealed, as is
    /// @param state the state
    Template(SealedMemory memory, SealedMemory state, Instant made) {
        this.memory = memory;
        this.state = state;
        this.made = made;
    }

    /// What machines must have in common to be copies of one. QEMU itself does not notice all of
    /// it.
    ///
    /// @param programs which kernel, guest and QEMU
    record Key(long processors, long memoryMebiBytes, String programs) {
        static Key of(long milliCpu, long memoryMebiBytes, String programs) {
            return new Key(QemuCommand.processors(milliCpu), memoryMebiBytes, programs);
        }

        @Override
        public String toString() {
            return "%d-processor machine of %d MiB".formatted(processors, memoryMebiBytes);
        }
    }

    /// Keeps the template's files open while a machine is made of them: their paths name open files
    /// of this process, and a closed one's number is soon another file's.
    final class Lease implements AutoCloseable {
        QemuOrigin origin() {
            return new QemuOrigin.Copy(memory.path(), state.path());
        }

        @Override
        public void close() {
            release();
        }
    }

    Instant made() {
        return made;
    }

    /// How many machines were to begin with it.
    synchronized int copies() {
        return copies;
    }

    synchronized Lease lease() {
        copies++;
        users++;
        return new Lease();
    }

    private synchronized void release() {
        users--;
        closeUnused();
    }

    /// No machine begins with it any more; those that did keep what they have.
    synchronized void retire() {
        retired = true;
        closeUnused();
    }

    private void closeUnused() {
        if (retired && users == 0) {
            memory.close();
            state.close();
        }
    }
}
