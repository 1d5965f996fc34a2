package dev.monopod.host.machine;

import dev.monopod.host.kernel.SealedMemory;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// A machine that has booted and that no pod was ever in, saved. Nobody can change it: it is
/// sealed. Thread-safe.
final class Template {
    private final List<SealedMemory> files;
    private final Saved saved;
    private final Instant made;
    private int copies;
    private int users;
    private boolean retired;

    /// @param files those that `saved` names, sealed
    Template(List<SealedMemory> files, Saved saved, Instant made) {
        this.files = List.copyOf(files);
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

    /// Keeps the template's files open while a machine is made of it: their paths name open files
    /// of this process, and a closed one's number is soon another file's.
    final class Lease implements AutoCloseable {
        Saved saved() {
            return saved;
        }

        QemuOrigin origin() {
            return new QemuOrigin.Copy(saved);
        }

        /// @param tap that leads nowhere yet
        QemuOrigin waiting(String tap) {
            return new QemuOrigin.Waiting(saved, tap);
        }

        @Override
        public void close() {
            release();
        }
    }

    /// What it takes of the host beside its copies, if they share it.
    Optional<SharedMemory> shared() {
        return saved.shared();
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
            files.forEach(SealedMemory::close);
        }
    }
}
