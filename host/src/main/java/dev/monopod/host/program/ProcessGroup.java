package dev.monopod.host.program;

import dev.monopod.host.kernel.KernelException;
import dev.monopod.host.kernel.Signals;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// All processes of one program.
final class ProcessGroup {
    private static final Logger LOG = LoggerFactory.getLogger(ProcessGroup.class);

    private final Process leader;

    ProcessGroup(Process leader) {
        this.leader = leader;
    }

    /// Kills what runs of it, and what has left the group but is still a descendant.
    void kill() {
        var descendants = leader.descendants().toList();
        killRest();
        // The leader has no group of its own in its first moment.
        leader.destroyForcibly();
        descendants.forEach(ProcessHandle::destroyForcibly);
    }

    /// Kills what the leader has left behind.
    void killRest() {
        try {
            Signals.killGroup(leader.pid());
        } catch (KernelException e) {
            LOG.warn("cannot kill process group {}: {}", leader.pid(), e.getMessage());
        }
    }
}
