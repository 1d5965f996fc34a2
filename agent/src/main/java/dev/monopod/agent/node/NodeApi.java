package dev.monopod.agent.node;

import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/// What this host's Nodes need of the API server. Every call may throw what the client throws.
interface NodeApi {
    /// Writes the status; returns the Node's UID, empty if there is no such Node.
    Optional<String> writeStatus(String node, Map<String, Object> status);

    /// Renews the Node's Lease, or makes it.
    ///
    /// @param uid of the Node, which owns the Lease
    void renewLease(String node, String uid, Instant now);

    /// The Node and its Lease go.
    void delete(String node);
}
