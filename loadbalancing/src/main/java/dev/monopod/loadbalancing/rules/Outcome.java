package dev.monopod.loadbalancing.rules;

/// What becomes of an object that may ask for a load balancer.
public sealed interface Outcome<T> {
    /// It asks for none, or another controller's.
    record Foreign<T>() implements Outcome<T> {}

    /// It asks for what Fargate or Monopod has not.
    ///
    /// @param message names the field or annotation, and the remedy
    record Refused<T>(String reason, String message) implements Outcome<T> {}

    record Accepted<T>(T value) implements Outcome<T> {}
}
