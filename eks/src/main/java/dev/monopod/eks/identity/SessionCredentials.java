package dev.monopod.eks.identity;

import java.time.Instant;

/// What a caller gets to act as a session. Its text shows no secret.
///
/// @param expiration to the second
public record SessionCredentials(
        String accessKeyId, String secretAccessKey, String sessionToken, Instant expiration) {
    @Override
    public String toString() {
        return "SessionCredentials[accessKeyId=%s, expiration=%s]"
                .formatted(accessKeyId, expiration);
    }
}
