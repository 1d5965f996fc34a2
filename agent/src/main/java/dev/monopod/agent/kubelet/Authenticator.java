package dev.monopod.agent.kubelet;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Tells who holds a bearer token. Calls block and may be interrupted.
@FunctionalInterface
public interface Authenticator {
    /// Empty if the token is not valid.
    ///
    /// @throws IOException when it cannot be told now; the request fails
    Optional<User> authenticate(String bearerToken) throws IOException;

    /// Who makes a request.
    record User(String name, String uid, List<String> groups, Map<String, List<String>> extra) {
        public User {
            groups = List.copyOf(groups);
            extra = Map.copyOf(extra);
        }
    }
}
