package dev.monopod.host.machine;

import dev.monopod.host.jail.JailUsers;
import java.io.IOException;
import java.nio.file.Path;
import java.util.random.RandomGenerator;

/// The users that machines run as; the group of a machine's folder *is* its number. Thread-safe;
/// one for all machines of a host.
final class MachineUsers {
    static final long FIRST = JailUsers.Kind.MACHINE.first();
    static final int COUNT = JailUsers.COUNT;

    private final JailUsers users;

    /// @param machines folder of the machines' folders
    /// @param settings the host's `/etc`
    /// @param random where the search begins
    MachineUsers(Path machines, Path settings, RandomGenerator random) {
        this.users = new JailUsers(JailUsers.Kind.MACHINE, machines, settings, random);
    }

    static MachineUsers ofThisHost(QemuConfiguration configuration) {
        return new MachineUsers(
                configuration.machines(), Path.of("/etc"), RandomGenerator.getDefault());
    }

    /// Makes the machine's folder, which only the agent may enter, and gives it a number that no
    /// other machine has.
    ///
    /// @throws java.nio.file.FileAlreadyExistsException if there is a machine of that name
    long claim(Path folder) throws IOException {
        try {
            return users.claim(folder);
        } catch (JailUsers.NoneFreeException e) {
            throw new MachineException(String.valueOf(e.getMessage()), e);
        }
    }
}
