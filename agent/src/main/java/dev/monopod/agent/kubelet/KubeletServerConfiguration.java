package dev.monopod.agent.kubelet;

import dev.monopod.kube.serving.ConnectionLimits;
import java.time.Duration;

/// @param address to listen at
/// @param port to listen at; 0: any that is free
/// @param hostName the node name that requests are authorized for when they are asked of no Node
/// @param streamIdleTimeout after which an exec, attach or port-forward without traffic is ended
public record KubeletServerConfiguration(
        String address, int port, String hostName, Duration streamIdleTimeout, Limits limits) {
    /// Listens at every address; streams end after four idle hours, as the kubelet's do.
    public KubeletServerConfiguration(int port, String hostName) {
        this("0.0.0.0", port, hostName, Duration.ofHours(4), Limits.USUAL);
    }

    /// What clients may use up.
    ///
    /// @param unauthenticated how long a connection may last before a request on it has said, and
    ///   proved, who asks
    /// @param connections strangers are pods, mostly
    public record Limits(Duration unauthenticated, ConnectionLimits.Bounds connections) {
        static final Limits USUAL =
                new Limits(Duration.ofSeconds(10), new ConnectionLimits.Bounds(4096, 1024, 64));
    }
}
