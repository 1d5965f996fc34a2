package dev.monopod.host.kernel;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/// A file in memory, `memfd_create(2)`, that can be sealed: from then on nobody changes it any
/// more, not even who opens it to be written, and every private mapping begins with the same
/// content. It lives as long as this process has it, or anybody else has it open or mapped.
/// Thread-safe.
public final class SealedMemory implements AutoCloseable {
    private static final int MFD_CLOEXEC = 1;
    private static final int MFD_ALLOW_SEALING = 2;
    private static final int F_ADD_SEALS = 1033;

    /// `F_SEAL_SHRINK | F_SEAL_GROW`.
    private static final int SIZE_SEALS = 2 | 4;

    /// These, `F_SEAL_SEAL` and `F_SEAL_WRITE`.
    private static final int ALL_SEALS = SIZE_SEALS | 1 | 8;

    private static final int EINTR = 4;

    private static final MethodHandle CREATE =
            Libc.function(
                    "memfd_create",
                    FunctionDescriptor.of(
                            ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT),
                    Libc.KEEPS_ERRNO);
    private static final MethodHandle CONTROL =
            Libc.function(
                    "fcntl",
                    FunctionDescriptor.of(
                            ValueLayout.JAVA_INT,
                            ValueLayout.JAVA_INT,
                            ValueLayout.JAVA_INT,
                            ValueLayout.JAVA_INT),
                    Libc.KEEPS_ERRNO,
                    Linker.Option.firstVariadicArg(2));

    private static final MethodHandle ALLOCATE =
            Libc.function(
                    "fallocate",
                    FunctionDescriptor.of(
                            ValueLayout.JAVA_INT,
                            ValueLayout.JAVA_INT,
                            ValueLayout.JAVA_INT,
                            ValueLayout.JAVA_LONG,
                            ValueLayout.JAVA_LONG),
                    Libc.KEEPS_ERRNO);

    private final int descriptor;
    private boolean closed;

    private SealedMemory(int descriptor) {
        this.descriptor = descriptor;
    }

    /// An empty one, not sealed yet.
    ///
    /// @param name as `/proc` shows it
    public static SealedMemory create(String name) throws KernelException {
        try (var arena = Arena.ofConfined()) {
            var state = arena.allocate(Libc.STATE);
            var result =
                    (int)
                            CREATE.invokeExact(
                                    state,
                                    arena.allocateFrom(name),
                                    MFD_CLOEXEC | MFD_ALLOW_SEALING);
            if (result < 0) {
                throw new KernelException("memfd_create", Libc.errno(state));
            }
            return new SealedMemory(result);
        } catch (KernelException e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("memfd_create(2) is not available", e);
        }
    }

    /// Where other processes of root open it, as long as this one has it.
    public Path path() {
        return Path.of(
                "/proc", Long.toString(ProcessHandle.current().pid()), "fd", "" + descriptor);
    }

    /// Has every page of it allocated, at the cost of this process, from now on: so neither who
    /// writes to it later nor who writes to a private mapping of it makes it take more. What is
    /// written already stays. Pages that somebody gave back meanwhile come again, as zeros.
    ///
    /// @param bytes its size, whole pages
    /// @throws IOException if there is no memory for it, or its size is fixed and another
    public void allocate(long bytes) throws IOException {
        try (var arena = Arena.ofConfined()) {
            var state = arena.allocate(Libc.STATE);
            int result;
            do {
                result = (int) ALLOCATE.invokeExact(state, descriptor, 0, 0L, bytes);
            } while (result < 0 && Libc.errno(state) == EINTR);
            if (result < 0) {
                throw new KernelException("fallocate", Libc.errno(state));
            }
        } catch (KernelException e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("fallocate(2) is not available", e);
        }
    }

    /// From now on it has the size that it has; it can still be written.
    public void fixSize() throws IOException {
        add(SIZE_SEALS);
    }

    /// @throws IOException if somebody still has it mapped to be written
    public void seal() throws IOException {
        add(ALL_SEALS);
    }

    private void add(int seals) throws IOException {
        try (var arena = Arena.ofConfined()) {
            var state = arena.allocate(Libc.STATE);
            var result = (int) CONTROL.invokeExact(state, descriptor, F_ADD_SEALS, seals);
            if (result < 0) {
                throw new KernelException("fcntl(F_ADD_SEALS)", Libc.errno(state));
            }
        } catch (KernelException e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("fcntl(2) is not available", e);
        }
    }

    /// Idempotent.
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        Libc.close(descriptor);
    }
}
