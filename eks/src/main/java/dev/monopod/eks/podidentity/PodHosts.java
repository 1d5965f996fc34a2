package dev.monopod.eks.podidentity;

import java.util.Optional;

/// Which host runs which pod.
public interface PodHosts {
    /// The name of the host of a pod, as the scheduler decided; empty if it runs on none.
    ///
    /// @throws dev.monopod.eks.identity.IdentityUnavailableException if it cannot be known now
    Optional<String> hostOf(PodToken pod);
}
