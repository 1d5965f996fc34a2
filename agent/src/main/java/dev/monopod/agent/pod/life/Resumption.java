package dev.monopod.agent.pod.life;

import dev.monopod.agent.pod.spec.PodPlan;
import java.time.Instant;
import java.util.Optional;

/// How a pod is taken up: from what an earlier life of the agent noted down, from what the API
/// server says, and from whether its machine runs. Pure.
public sealed interface Resumption {
    PodState state();

    /// Begins from the start. A machine that runs is none of it.
    record Fresh(PodState state) implements Resumption {}

    /// Its machine runs: the pod goes on where it stopped.
    record Ongoing(PodState state) implements Resumption {}

    /// Its machine ran, and does not any more.
    record Lost(PodState state, String why) implements Resumption {}

    /// Has ended, as noted down. A machine that runs is switched off.
    record Ended(PodState state) implements Resumption {}

    /// Has ended, as its status says; nothing more is known of it, so its status stays.
    record Forgotten(PodState state) implements Resumption {}

    /// @param machineRuns whether it outlived the earlier life of the agent
    /// @param phase of the pod's status, if it has one
    static Resumption of(
            Optional<PodRecord> record,
            PodPlan plan,
            boolean machineRuns,
            Optional<String> phase,
            Instant now) {
        if (record.isPresent() && record.get().over()) {
            return new Ended(record.get().restore(plan));
        }
        if (record.isPresent() && usable(record.get(), plan)) {
            var state = record.get().restore(plan);
            return machineRuns
                    ? new Ongoing(state)
                    : new Lost(state, "the machine did not outlive its agent or host");
        }
        var state = PodState.initial(plan, now);
        var over = phase.filter(p -> p.equals("Succeeded") || p.equals("Failed")).isPresent();
        if (over) {
            return new Forgotten(state.withStage(PodState.Stage.OFF));
        }
        var granted = record.map(noted -> noted.granted(state).resize().fresh());
        return new Fresh(granted.map(state::withResize).orElse(state));
    }

    private static boolean usable(PodRecord record, PodPlan plan) {
        var images = record.resolved();
        return record.machineStarted()
                && plan.lasting().stream()
                        .allMatch(container -> images.containsKey(container.name()));
    }

    /// Why the machine is lost, if it is.
    default Optional<String> lost() {
        return this instanceof Lost(PodState _, String why) ? Optional.of(why) : Optional.empty();
    }
}
