package dev.monopod.agent.pod.life;

/// What an earlier life of the agent noted down of a pod.
public sealed interface Noted {
    record Whole(PodRecord record) implements Noted {}

    /// There is no record.
    record Absent() implements Noted {}

    /// There was one, and nothing can be made of it.
    record Damaged() implements Noted {}
}
