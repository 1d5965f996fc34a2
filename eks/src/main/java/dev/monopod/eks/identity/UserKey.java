package dev.monopod.eks.identity;

/// A user's access key without its secret, as a list shows it.
///
/// @param createdAt as the API server writes a time; empty if it does not say
public record UserKey(String accessKeyId, String userName, String createdAt) {}
