package dev.monopod.host.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/// `pidfd_open(2)` and `poll(2)` on it: a hold on a process, be it a child or not, whose end the
/// kernel tells. It never becomes that of a later process with the same number.
public final class ProcessDescriptor implements AutoCloseable {
    /// The same number on every architecture.
    private static final long PIDFD_OPEN = 434;

    private static final short POLLIN = 1;
    private static final int EINTR = 4;
    private static final int FOR_EVER = -1;

    /// `struct pollfd`.
    private static final StructLayout POLLED =
            MemoryLayout.structLayout(
                    ValueLayout.JAVA_INT.withName("fd"),
                    ValueLayout.JAVA_SHORT.withName("events"),
                    ValueLayout.JAVA_SHORT.withName("revents"));

    private static final MethodHandle SYSCALL =
            Libc.function(
                    "syscall",
                    FunctionDescriptor.of(
                            ValueLayout.JAVA_LONG,
                            ValueLayout.JAVA_LONG,
                            ValueLayout.JAVA_INT,
                            ValueLayout.JAVA_INT),
                    Libc.KEEPS_ERRNO,
                    Linker.Option.firstVariadicArg(1));
    private static final MethodHandle POLL =
            Libc.function(
                    "poll",
                    FunctionDescriptor.of(
                            ValueLayout.JAVA_INT,
                            ValueLayout.ADDRESS,
                            ValueLayout.JAVA_LONG,
                            ValueLayout.JAVA_INT),
                    Libc.KEEPS_ERRNO);

    private final int descriptor;

    private ProcessDescriptor(int descriptor) {
        this.descriptor = descriptor;
    }

    /// @throws KernelException if there is no such process, or the kernel is older than 5.3
    public static ProcessDescriptor open(long pid) throws KernelException {
        try (var arena = Arena.ofConfined()) {
            var state = arena.allocate(Libc.STATE);
            var result = (long) SYSCALL.invokeExact(state, PIDFD_OPEN, (int) pid, 0);
            if (result < 0) {
                throw new KernelException("pidfd_open", Libc.errno(state));
            }
            return new ProcessDescriptor((int) result);
        } catch (KernelException e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("pidfd_open(2) is not available", e);
        }
    }

    /// Returns when the process has ended. Blocks its thread in the kernel, which an interrupt does
    /// not end: for a platform thread that has nothing else to do.
    public void awaitEnd() throws KernelException {
        try (var arena = Arena.ofConfined()) {
            var state = arena.allocate(Libc.STATE);
            var polled = arena.allocate(POLLED);
            polled.set(ValueLayout.JAVA_INT, 0, descriptor);
            polled.set(ValueLayout.JAVA_SHORT, Integer.BYTES, POLLIN);
            while ((int) POLL.invokeExact(state, polled, 1L, FOR_EVER) < 0) {
                var number = Libc.errno(state);
                if (number != EINTR) {
                    throw new KernelException("poll", number);
                }
            }
        } catch (KernelException e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("poll(2) is not available", e);
        }
    }

    @Override
    public void close() {
        Libc.close(descriptor);
    }
}
