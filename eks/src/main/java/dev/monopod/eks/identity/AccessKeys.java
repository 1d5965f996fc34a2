package dev.monopod.eks.identity;

import java.util.Optional;

/// Who has which access key. Any thread may ask.
public interface AccessKeys {
    /// The key of that id. Of a session's key, the token must be the session's own; a user's key
    /// has no token, and is unknown with one. An expired key is found, and says since when.
    ///
    /// @param accessKeyId as a stranger sent it
    /// @param sessionToken as a stranger sent it
    /// @throws IdentityUnavailableException if it cannot be known now, whether there is such a key
    Optional<AccessKey> find(String accessKeyId, Optional<String> sessionToken);
}
