package dev.monopod.model.size;

/// Outcome of [Sizing#provision].
public sealed interface Provisioned {
    /// The pod gets this size.
    record Fits(Size size) implements Provisioned {}

    /// No size has that much CPU or memory; the message is EKS' sentence, then the need and the
    /// limit.
    record TooLarge(String message) implements Provisioned {}

    /// It requests more ephemeral storage than a pod may; the message names both.
    record TooMuchStorage(String message) implements Provisioned {}
}
