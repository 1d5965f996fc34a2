package dev.monopod.host.machine;

import java.nio.file.Path;
import java.util.List;

/// How a machine's memory begins.
sealed interface QemuOrigin {
    /// Empty: the kernel boots.
    record Boot() implements QemuOrigin {}

    /// Empty, in a file that machines are to begin with later: the kernel boots, and no pod ever
    /// runs in it.
    ///
    /// @param memory file that holds the machine's memory
    /// @param savedTo socket that takes the state of its devices in the end
    record Original(Path memory, Path savedTo) implements QemuOrigin {}

    /// As the original's was when it stopped: nothing boots. What it writes is its own.
    ///
    /// @param memory the original's memory, which can't be changed any more
    /// @param state of its devices
    record Copy(Path memory, Path state) implements QemuOrigin {}

    /// What QEMU finds open beside its sockets and its tap.
    default List<Path> opened() {
        return switch (this) {
            case Boot() -> List.of();
            case Original(var memory, _) -> List.of(memory);
            case Copy(var memory, var state) -> List.of(memory, state);
        };
    }

    /// What of the host QEMU sees beside its disks.
    default List<Path> shown() {
        return switch (this) {
            case Original(_, var savedTo) -> List.of(savedTo);
            case Boot(), Copy(_, _) -> List.of();
        };
    }

    /// Whether the machine has every disk that a machine can have: an original and its copies must
    /// have the same devices.
    default boolean hasAllDisks() {
        return switch (this) {
            case Boot() -> false;
            case Original(_, _), Copy(_, _) -> true;
        };
    }
}
