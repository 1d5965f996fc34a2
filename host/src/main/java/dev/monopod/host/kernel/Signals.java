package dev.monopod.host.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/// `kill(2)` for whole process groups, which Java can't signal. Never blocks.
public final class Signals {
    private static final int KILL = 9;

    /// No such process or group.
    private static final int ESRCH = 3;

    private static final MethodHandle KILL_CALL =
            Libc.function(
                    "kill",
                    FunctionDescriptor.of(
                            ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT),
                    Libc.KEEPS_ERRNO);

    private Signals() {}

    /// Kills every process of a group. Does nothing if the group has none.
    ///
    /// @param group number of the group, more than 1: 0 and 1 would stand for this process' own
    ///   group and for every process
    /// @throws KernelException if the kernel refuses it
    public static void killGroup(long group) throws KernelException {
        if (group <= 1 || group > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("not the number of a process group: " + group);
        }
        try (var arena = Arena.ofConfined()) {
            var state = arena.allocate(Libc.STATE);
            var result = (int) KILL_CALL.invokeExact(state, (int) -group, KILL);
            var number = Libc.errno(state);
            if (result != 0 && number != ESRCH) {
                throw new KernelException("kill", number);
            }
        } catch (KernelException e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("kill(2) is not available", e);
        }
    }
}
