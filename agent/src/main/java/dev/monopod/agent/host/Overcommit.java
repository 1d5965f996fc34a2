package dev.monopod.agent.host;

import dev.monopod.kube.api.HostSpec;
import org.jspecify.annotations.Nullable;

/// How much more the host promises than it has. Memory is never promised twice.
///
/// @param cpu vCPUs for each processor; machines that want more share time
/// @param storage bytes for each byte of the file system; disks are sparse, and a file system that
///   fills up stops the machines that write
public record Overcommit(int cpu, int storage) {
    public Overcommit {
        if (cpu < 1 || storage < 1) {
            throw new IllegalArgumentException(
                    "overcommitment of CPU %d, storage %d: at least 1".formatted(cpu, storage));
        }
    }

    /// What the operator wrote into the Host goes before the agent's own flags.
    Overcommit orAsked(@Nullable HostSpec spec) {
        if (spec == null) {
            return this;
        }
        var askedCpu = spec.cpuOvercommit();
        var askedStorage = spec.storageOvercommit();
        return new Overcommit(
                askedCpu == null ? cpu : askedCpu, askedStorage == null ? storage : askedStorage);
    }
}
