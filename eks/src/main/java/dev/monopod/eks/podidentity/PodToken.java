package dev.monopod.eks.podidentity;

/// Whose a token is that the API server found good for Pod Identity: that of a pod that exists.
///
/// @param uid of the pod
public record PodToken(String namespace, String serviceAccount, String pod, String uid) {}
