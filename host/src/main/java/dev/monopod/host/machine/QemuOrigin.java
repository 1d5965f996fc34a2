package dev.monopod.host.machine;

import java.nio.file.Path;
import java.util.List;

/// How a machine's memory begins.
sealed interface QemuOrigin {
    /// Empty: the kernel boots.
    record Boot() implements QemuOrigin {}

    /// Empty: the kernel boots, and no pod ever runs in it, but machines are to begin with what it
    /// has become.
    ///
    /// @param savedTo socket that takes its memory and the state of its devices in the end
    record Original(Path savedTo) implements QemuOrigin {}

    /// As the original was when it stopped: nothing boots.
    ///
    /// @param saved the original's memory and devices, which can't be changed any more
    record Copy(Path saved) implements QemuOrigin {}

    /// As a copy, but nobody's yet: its tap is in the jail's own network namespace, and leads
    /// nowhere.
    record Waiting(Path saved, String tap) implements QemuOrigin {}

    /// What QEMU finds open beside its sockets and its tap.
    default List<Path> opened() {
        return switch (this) {
            case Copy(var saved) -> List.of(saved);
            case Waiting(var saved, _) -> List.of(saved);
            case Boot(), Original(_) -> List.of();
        };
    }

    /// What of the host QEMU sees beside its disks.
    default List<Path> shown() {
        return switch (this) {
            case Original(var savedTo) -> List.of(savedTo);
            case Boot(), Copy(_), Waiting(_, _) -> List.of();
        };
    }

    /// Whether the machine has every disk that a machine can have: an original and its copies must
    /// have the same devices.
    default boolean hasAllDisks() {
        return switch (this) {
            case Boot() -> false;
            case Original(_), Copy(_), Waiting(_, _) -> true;
        };
    }
}
