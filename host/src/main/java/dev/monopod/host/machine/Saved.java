package dev.monopod.host.machine;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// What is left of a machine that has become a template, as files that can't be changed any more.
sealed interface Saved {
    /// Memory and devices in one. Each copy reads it into memory of its own.
    record Whole(Path file) implements Saved {}

    /// The memory apart. Copies map it, and have of their own what they write.
    ///
    /// @param memory has every page that the machine can have
    /// @param part what it takes of the host
    record Apart(Path memory, Path devices, SharedMemory part) implements Saved {}

    /// What QEMU finds open, the memory first.
    default List<Path> files() {
        return switch (this) {
            case Whole(var file) -> List.of(file);
            case Apart(var memory, var devices, _) -> List.of(memory, devices);
        };
    }

    /// Number of the descriptor that a copy is restored from.
    default int descriptor() {
        return switch (this) {
            case Whole(_) -> QemuJail.FIRST_FILE;
            case Apart(_, _, _) -> QemuJail.FIRST_FILE + 1;
        };
    }

    /// What copies have in common, if anything.
    default Optional<SharedMemory> shared() {
        return switch (this) {
            case Whole(_) -> Optional.empty();
            case Apart(_, _, var part) -> Optional.of(part);
        };
    }
}
