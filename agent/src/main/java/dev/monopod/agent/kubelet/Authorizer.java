package dev.monopod.agent.kubelet;

import java.io.IOException;

/// Tells whether a user may use a part of a node's kubelet API. Calls block and may be interrupted.
@FunctionalInterface
public interface Authorizer {
    /// @throws IOException when it cannot be told now; the request fails
    boolean isAllowed(Authenticator.User user, Access access) throws IOException;

    /// @param verb the verb of the API: get, create, update, patch or delete
    /// @param subresource of `nodes`: proxy, stats, metrics, log, pods, healthz
    record Access(String verb, String node, String subresource) {}
}
