package dev.monopod.host.kernel;

import java.io.IOException;

/// The kernel refused a system call.
public final class KernelException extends IOException {
    private static final long serialVersionUID = 1;

    private final int number;

    KernelException(String call, int number) {
        super("%s failed with errno %d".formatted(call, number));
        this.number = number;
    }

    /// `errno`, as in `errno(3)`.
    public int number() {
        return number;
    }
}
