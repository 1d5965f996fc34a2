package dev.monopod.agent.pod.life;

import dev.monopod.agent.pod.life.Traces.GuestContainer;
import dev.monopod.agent.pod.life.Traces.MachineSeen;
import dev.monopod.agent.pod.spec.ContainerPlan;
import dev.monopod.agent.pod.spec.PodPlan;
import dev.monopod.model.time.Moment;
import java.util.HashMap;
import java.util.List;
import java.util.Optional;

/// How a pod is taken up: from what an earlier life of the agent noted down, from what the API
/// server says, and from whether its machine runs. Pure.
public sealed interface Resumption {
    String RECORD_LOST = "PodRecordLost";
    String RECORD_LOST_MESSAGE =
            "The host has lost its record of the pod, and its machine does not tell what ran: with"
                    + " restartPolicy Never it is not started again";

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

    /// A pod whose record is lost is known by what its guest tells. Without that, nobody knows what
    /// ran: what may be repeated begins anew, and what may not fails.
    ///
    /// ```
    /// record   machine              pod                             →
    /// over     any                  any                             Ended
    /// whole    runs                 any                             Ongoing
    /// whole    gone                 begun                           Lost
    /// whole    gone                 never begun                     Fresh
    /// none     any                  Succeeded, Failed               Forgotten
    /// none     any                  never begun                     Fresh
    /// lost     answers              begun                           Ongoing, as the guest tells
    /// lost     gone, silent         begun, Never                    Ended, failed
    /// lost     gone, silent         begun, Always, OnFailure        Fresh, one restart more
    /// ```
    ///
    /// A damaged record is lost, and so is one that does not know the pod's images; one that is not
    /// there is if the API server knows of a container that has begun.
    static Resumption of(Noted noted, PodPlan plan, Traces traces, Moment now) {
        if (noted instanceof Noted.Whole(PodRecord record)) {
            if (record.over()) {
                return new Ended(record.restore(plan, now));
            }
            if (usable(record, plan)) {
                if (!(traces.machine() instanceof MachineSeen.Gone)) {
                    return new Ongoing(record.restore(plan, now));
                }
                if (record.begun() || traces.begun()) {
                    return new Lost(
                            record.restore(plan, now),
                            "the machine did not outlive its agent or host");
                }
            }
        }
        var state = PodState.initial(plan, now);
        if (traces.over()) {
            return new Forgotten(state.withStage(PodState.Stage.OFF));
        }
        var lost =
                switch (noted) {
                    case Noted.Whole(PodRecord record) -> record.begun();
                    case Noted.Absent() -> traces.begun();
                    case Noted.Damaged() -> true;
                };
        return lost ? withoutRecord(state, traces, now) : new Fresh(asGranted(state, noted));
    }

    private static PodState asGranted(PodState state, Noted noted) {
        return noted instanceof Noted.Whole(PodRecord record)
                ? state.withResize(record.granted(state).resize().fresh())
                : state;
    }

    private static Resumption withoutRecord(PodState state, Traces traces, Moment now) {
        if (traces.machine() instanceof MachineSeen.Answers(List<GuestContainer> told)) {
            return new Ongoing(asTold(state, told));
        }
        if (state.plan().restartPolicy() == PodPlan.RestartPolicy.NEVER) {
            var why = new PodState.Failure(RECORD_LOST, RECORD_LOST_MESSAGE, now.steady());
            return new Ended(state.withFailure(why).withStage(PodState.Stage.OFF));
        }
        for (var restarts : traces.restarts().entrySet()) {
            var container = Optional.ofNullable(state.containers().get(restarts.getKey()));
            if (container.isPresent()) {
                state = state.with(container.get().begun(restarts.getValue() + 1));
            }
        }
        return new Fresh(state);
    }

    /// Each container at its last attempt, as if it ran: the guest is asked, and then followed,
    /// before anything is decided about it.
    private static PodState asTold(PodState state, List<GuestContainer> told) {
        var last = new HashMap<String, GuestContainer>();
        told.forEach(
                one -> last.merge(one.name(), one, (a, b) -> a.attempt() < b.attempt() ? b : a));
        for (var container : state.all()) {
            var known = Optional.ofNullable(last.get(container.name()));
            if (known.isPresent()) {
                state =
                        state.with(
                                container.inherited(
                                        known.get().attempt(), known.get().startedAt()));
                if (container.plan().kind() == ContainerPlan.Kind.MAIN) {
                    state = state.withInitialized();
                }
            }
        }
        return state;
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
