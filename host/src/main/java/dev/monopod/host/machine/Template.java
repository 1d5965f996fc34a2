package dev.monopod.host.machine;

import dev.monopod.host.kernel.SealedMemory;
import java.time.Instant;

/// A machine that has booted and that no pod was ever in, saved. Nobody can change it: it is
/// sealed. Thread-safe.
final class Template {
    private final SealedMemory saved;
    private final Instant made;
    private int copies;
    private int users;
    private boolean retired;

    /// @param saved sealed
    Template(SealedMemory saved, Instant made) {
        this.saved = saved;
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

    /// Keeps the template's file open while a machine is made of it: its path names an open file of
    /// this process, and a closed one's number is soon another file's.
    final class Lease implements AutoCloseable {
        QemuOrigin origin() {
            return new QemuOrigin.Copy(saved.path());
        }

        /// @param tap that leads nowhere yet
        QemuOrigin waiting(String tap) {
            return new QemuOrigin.Waiting(saved.path(), tap);
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
            saved.close();
        }
    }
}
