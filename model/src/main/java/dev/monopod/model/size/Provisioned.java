package dev.monopod.model.size;

/// Outcome of [Sizing#provision].
public sealed interface Provisioned {
    /// The pod gets this size.
    record Fits(Size size) implements Provisioned {}

    /// No size holds the pod; the message names the need and the limit.
    record TooLarge(String message) implements Provisioned {}
}
