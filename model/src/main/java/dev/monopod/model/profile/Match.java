package dev.monopod.model.profile;

/// Outcome of [ProfileMatching#choose].
public sealed interface Match {
    /// This profile runs the pod.
    record Selected(Profile profile) implements Match {}

    /// No profile matches.
    record None() implements Match {}

    /// The pod's annotation `eks.amazonaws.com/compute-type: ec2` keeps it off Fargate.
    record OptedOut() implements Match {}

    /// The pod's label names a profile that is absent or does not match; the reason says which.
    record LabelNamesOther(String profile, String reason) implements Match {}
}
