package dev.monopod.agent.kubelet;

import java.time.Duration;

/// @param address to listen at
/// @param port to listen at; 0: any that is free
/// @param hostName the node name that requests are authorized for when they address no pod
/// @param streamIdleTimeout after which an exec, attach or port-forward without traffic is ended
public record KubeletServerConfiguration(
        String address, int port, String hostName, Duration streamIdleTimeout) {
    /// Listens at every address; streams end after four idle hours, as the kubelet's do.
    public KubeletServerConfiguration(int port, String hostName) {
        this("0.0.0.0", port, hostName, Duration.ofHours(4));
    }
}
