package dev.monopod.host.kernel;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.file.Path;

/// A file in memory, `memfd_create(2)`, that can be sealed: from then on nobody changes it any
/// more, not even who opens it to be written, and every private mapping begins with the same
/// content. It lives as long as this process has it, or anybody else has it open or mapped.
/// Thread-safe.
public final class SealedMemory implements AutoCloseable {
    private static final int MFD_CLOEXEC = 1;
    private static final int MFD_ALLOW_SEALING = 2;
    private static final int F_ADD_SEALS = 1033;

    /// `F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE`.
    private static final int ALL_SEALS = 1 | 2 | 4 | 8;

    private static final Linker LINKER = Linker.nativeLinker();
    private static final StructLayout STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO =
            STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
    private static final Linker.Option KEEPS_ERRNO = Linker.Option.captureCallState("errno");

    private static final MethodHandle CREATE =
            function(
                    "memfd_create",
                    FunctionDescriptor.of(
                            ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT),
                    KEEPS_ERRNO);
    private static final MethodHandle CONTROL =
            function(
                    "fcntl",
                    FunctionDescriptor.of(
                            ValueLayout.JAVA_INT,
                            ValueLayout.JAVA_INT,
                            ValueLayout.JAVA_INT,
                            ValueLayout.JAVA_INT),
                    KEEPS_ERRNO,
                    Linker.Option.firstVariadicArg(2));
    private static final MethodHandle CLOSE =
            function("close", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));

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
            var state = arena.allocate(STATE);
            var result =
                    (int)
                            CREATE.invokeExact(
                                    state,
                                    arena.allocateFrom(name),
                                    MFD_CLOEXEC | MFD_ALLOW_SEALING);
            if (result < 0) {
                throw new KernelException("memfd_create", (int) ERRNO.get(state, 0L));
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

    /// @throws IOException if somebody still has it mapped to be written
    public void seal() throws IOException {
        try (var arena = Arena.ofConfined()) {
            var state = arena.allocate(STATE);
            var result = (int) CONTROL.invokeExact(state, descriptor, F_ADD_SEALS, ALL_SEALS);
            if (result < 0) {
                throw new KernelException("fcntl(F_ADD_SEALS)", (int) ERRNO.get(state, 0L));
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
        try {
            var _ = (int) CLOSE.invokeExact(descriptor);
        } catch (Throwable e) {
            throw new IllegalStateException("close(2) is not available", e);
        }
    }

    @SuppressWarnings("restricted") // That is what this package is for.
    private static MethodHandle function(
            String name, FunctionDescriptor shape, Linker.Option... options) {
        return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(name), shape, options);
    }
}
