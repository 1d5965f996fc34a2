package dev.monopod.agent.pod.life;

import dev.monopod.agent.pod.spec.ContainerPlan;
import dev.monopod.agent.pod.spec.PodPlan;
import dev.monopod.model.time.Moment;
import java.time.Instant;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// All that decides what happens to a pod next. Immutable; moved by [PodMachine] only.
///
/// @param deletion when the pod has to be gone, by the steady clock, if it is being deleted
/// @param failure why the pod as a whole fails
public record PodState(
        PodPlan plan,
        Stage stage,
        Progress progress,
        Map<String, ContainerRecord> containers,
        Optional<Instant> deletion,
        Optional<Failure> failure,
        Moment start,
        ResizeState resize) {

    /// The machine's life. `REMOVED` is the end.
    public enum Stage {
        STARTING,
        READY,
        POWERING_OFF,
        OFF,
        REMOVED
    }

    /// @param bound to its Node
    /// @param prepared files and volumes are in the guest
    /// @param initialized the ordinary containers may run
    /// @param restarting a container's end demands that all begin anew
    /// @param objectGone the API server has the pod no more
    record Progress(
            boolean bound,
            boolean prepared,
            boolean initialized,
            boolean restarting,
            boolean objectGone) {
        static final Progress NONE = new Progress(false, false, false, false, false);
    }

    /// @param deadline when its containers have to have ended, by the steady clock
    public record Failure(String reason, String message, Instant deadline) {}

    public PodState {
        containers = Collections.unmodifiableMap(new LinkedHashMap<>(containers));
    }

    public static PodState initial(PodPlan plan, Moment now) {
        Map<String, ContainerRecord> containers = new LinkedHashMap<>();
        for (var container : plan.containers()) {
            containers.put(container.name(), ContainerRecord.initial(container));
        }
        return new PodState(
                plan,
                Stage.STARTING,
                Progress.NONE,
                containers,
                Optional.empty(),
                Optional.empty(),
                now,
                ResizeState.initial(plan.resources().asked()));
    }

    /// When the pod came here, by the wall clock.
    public Instant startTime() {
        return start.wall();
    }

    public boolean bound() {
        return progress.bound();
    }

    boolean prepared() {
        return progress.prepared();
    }

    public boolean initialized() {
        return progress.initialized();
    }

    public boolean restarting() {
        return progress.restarting();
    }

    public boolean objectGone() {
        return progress.objectGone();
    }

    /// Whether no container begins any more.
    boolean ending() {
        return deletion.isPresent()
                || failure.isPresent()
                || stage == Stage.POWERING_OFF
                || stage == Stage.OFF
                || stage == Stage.REMOVED;
    }

    public ContainerRecord container(String name) {
        var found = containers.get(name);
        if (found == null) {
            throw new IllegalArgumentException("no container " + name);
        }
        return found;
    }

    List<ContainerRecord> ofKind(ContainerPlan.Kind kind) {
        return containers.values().stream().filter(c -> c.plan().kind() == kind).toList();
    }

    public Collection<ContainerRecord> all() {
        return containers.values();
    }

    boolean anyAlive() {
        return all().stream().anyMatch(ContainerRecord::alive);
    }

    PodState with(ContainerRecord container) {
        Map<String, ContainerRecord> changed = new LinkedHashMap<>(containers);
        changed.put(container.name(), container);
        return new PodState(plan, stage, progress, changed, deletion, failure, start, resize);
    }

    PodState withPlan(PodPlan next) {
        return new PodState(next, stage, progress, containers, deletion, failure, start, resize);
    }

    public PodState withStage(Stage next) {
        return new PodState(plan, next, progress, containers, deletion, failure, start, resize);
    }

    PodState withBound() {
        return with(new Progress(true, prepared(), initialized(), restarting(), objectGone()));
    }

    PodState withPrepared() {
        return with(new Progress(bound(), true, initialized(), restarting(), objectGone()));
    }

    PodState withInitialized() {
        return with(new Progress(bound(), prepared(), true, restarting(), objectGone()));
    }

    PodState withRestarting() {
        return with(new Progress(bound(), prepared(), initialized(), true, objectGone()));
    }

    /// All containers have ended; the pod begins with its first one again.
    PodState withRestarted() {
        return with(new Progress(bound(), prepared(), false, false, objectGone()));
    }

    PodState withObjectGone() {
        return with(new Progress(bound(), prepared(), initialized(), restarting(), true));
    }

    private PodState with(Progress next) {
        return new PodState(plan, stage, next, containers, deletion, failure, start, resize);
    }

    PodState withDeletion(Instant deadline) {
        return new PodState(
                plan, stage, progress, containers, Optional.of(deadline), failure, start, resize);
    }

    PodState withFailure(Failure why) {
        return new PodState(
                plan, stage, progress, containers, deletion, Optional.of(why), start, resize);
    }

    PodState withResize(ResizeState next) {
        return new PodState(plan, stage, progress, containers, deletion, failure, start, next);
    }
}
