package dev.monopod.cli.down;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// What `down` needs of this host; a fake of it shows what `down` would do.
interface Kernel {
    /// @return standard output, empty if the command fails
    String run(String... command);

    /// Names of the links in the host's own namespace.
    List<String> links();

    /// Lines of `/proc/self/mounts`.
    List<String> mounts();

    /// Folders of Monopod's control groups.
    Set<String> controlGroups();

    /// Removes an empty one; one that is not stays.
    void removeControlGroup(Path group);

    /// Removes the network by what this version knows of it.
    ///
    /// @return what stands against it
    Optional<String> removeNetwork(Path runDirectory);
}
