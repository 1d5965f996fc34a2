package dev.monopod.eks.identity;

import java.util.Optional;

/// Keys of users, which have no session token, and of sessions, which have one.
public record UsersAndSessions(AccessKeys users, AccessKeys sessions) implements AccessKeys {
    @Override
    public Optional<AccessKey> find(String accessKeyId, Optional<String> sessionToken) {
        return (sessionToken.isPresent() ? sessions : users).find(accessKeyId, sessionToken);
    }
}
