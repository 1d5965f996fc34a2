package dev.monopod.host.machine;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// How a machine's memory begins.
sealed interface QemuOrigin {
    /// Empty: the kernel boots.
    record Boot() implements QemuOrigin {}

    /// Empty: the kernel boots, and no pod ever runs in it, but machines are to begin with what it
    /// has become.
    ///
    /// @param savedTo socket that takes the state of its devices in the end, and its memory if that
    ///   is not in a file
    /// @param memory file of the machine's size that is its memory
    record Original(Path savedTo, Optional<Path> memory) implements QemuOrigin {}

    /// As the original was when it stopped: nothing boots.
    record Copy(Saved saved) implements QemuOrigin {}

    /// As a copy, but nobody's yet: its tap is in the jail's own network namespace, and leads
    /// nowhere.
    record Waiting(Saved saved, String tap) implements QemuOrigin {}

    /// What a machine's memory is.
    enum Memory {
        /// Of this QEMU alone.
        OWN,
        /// The first file that it has open, which it changes.
        FILE,
        /// That file too, but what the machine writes is of this QEMU alone.
        FILE_AT_FIRST
    }

    default Memory memoryKind() {
        return switch (this) {
            case Boot() -> Memory.OWN;
            case Original(_, var memory) -> memory.isPresent() ? Memory.FILE : Memory.OWN;
            case Copy(var saved) -> of(saved);
            case Waiting(var saved, _) -> of(saved);
        };
    }

    private static Memory of(Saved saved) {
        return switch (saved) {
            case Saved.Whole(_) -> Memory.OWN;
            case Saved.Apart(_, _, _) -> Memory.FILE_AT_FIRST;
        };
    }

    /// What it begins with, unless it boots.
    default Optional<Saved> begunWith() {
        return switch (this) {
            case Boot(), Original(_, _) -> Optional.empty();
            case Copy(var saved) -> Optional.of(saved);
            case Waiting(var saved, _) -> Optional.of(saved);
        };
    }

    /// What QEMU finds open beside its sockets and its tap.
    default List<Path> opened() {
        return switch (this) {
            case Boot() -> List.of();
            case Original(_, var memory) -> memory.stream().toList();
            case Copy(var saved) -> saved.files();
            case Waiting(var saved, _) -> saved.files();
        };
    }

    /// What of the host QEMU sees beside its disks.
    default List<Path> shown() {
        return switch (this) {
            case Original(var savedTo, _) -> List.of(savedTo);
            case Boot(), Copy(_), Waiting(_, _) -> List.of();
        };
    }

    /// Whether the machine has every disk that a machine can have: an original and its copies must
    /// have the same devices.
    default boolean hasAllDisks() {
        return switch (this) {
            case Boot() -> false;
            case Original(_, _), Copy(_), Waiting(_, _) -> true;
        };
    }
}
