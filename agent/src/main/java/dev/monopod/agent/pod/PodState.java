package dev.monopod.agent.pod;

import java.time.Instant;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// All that decides what happens to a pod next. Immutable; moved by [PodMachine] only.
///
/// @param deletion when the pod has to be gone, if it is being deleted
/// @param failure why the pod as a whole fails
record PodState(
        PodPlan plan,
        Stage stage,
        boolean bound,
        boolean prepared,
        boolean initialized,
        Map<String, ContainerRecord> containers,
        Optional<Instant> deletion,
        Optional<Failure> failure,
        Instant startTime) {

    /// The machine's life. `REMOVED` is the end.
    enum Stage {
        STARTING,
        READY,
        POWERING_OFF,
        OFF,
        REMOVED
    }

    /// @param deadline when its containers have to have ended
    record Failure(String reason, String message, Instant deadline) {}

    PodState {
        containers = Collections.unmodifiableMap(new LinkedHashMap<>(containers));
    }

    static PodState initial(PodPlan plan, Instant now) {
        Map<String, ContainerRecord> containers = new LinkedHashMap<>();
        for (ContainerPlan container : plan.containers()) {
            containers.put(container.name(), ContainerRecord.initial(container));
        }
        return new PodState(
                plan,
                Stage.STARTING,
                false,
                false,
                false,
                containers,
                Optional.empty(),
                Optional.empty(),
                now);
    }

    ContainerRecord container(String name) {
        ContainerRecord found = containers.get(name);
        if (found == null) {
            throw new IllegalArgumentException("no container " + name);
        }
        return found;
    }

    List<ContainerRecord> ofKind(ContainerPlan.Kind kind) {
        return containers.values().stream().filter(c -> c.plan().kind() == kind).toList();
    }

    Collection<ContainerRecord> all() {
        return containers.values();
    }

    boolean anyAlive() {
        return all().stream().anyMatch(ContainerRecord::alive);
    }

    PodState with(ContainerRecord container) {
        Map<String, ContainerRecord> changed = new LinkedHashMap<>(containers);
        changed.put(container.name(), container);
        return new PodState(
                plan, stage, bound, prepared, initialized, changed, deletion, failure, startTime);
    }

    /// One more container, of a plan that has it.
    PodState withAdded(PodPlan grown, ContainerPlan added) {
        return new PodState(
                        grown,
                        stage,
                        bound,
                        prepared,
                        initialized,
                        containers,
                        deletion,
                        failure,
                        startTime)
                .with(ContainerRecord.initial(added));
    }

    PodState withStage(Stage next) {
        return new PodState(
                plan, next, bound, prepared, initialized, containers, deletion, failure, startTime);
    }

    PodState withBound() {
        return new PodState(
                plan, stage, true, prepared, initialized, containers, deletion, failure, startTime);
    }

    PodState withPrepared() {
        return new PodState(
                plan, stage, bound, true, initialized, containers, deletion, failure, startTime);
    }

    PodState withInitialized() {
        return new PodState(
                plan, stage, bound, prepared, true, containers, deletion, failure, startTime);
    }

    PodState withDeletion(Instant deadline) {
        return new PodState(
                plan,
                stage,
                bound,
                prepared,
                initialized,
                containers,
                Optional.of(deadline),
                failure,
                startTime);
    }

    PodState withFailure(Failure why) {
        return new PodState(
                plan,
                stage,
                bound,
                prepared,
                initialized,
                containers,
                deletion,
                Optional.of(why),
                startTime);
    }

    PodState withStartTime(Instant at) {
        return new PodState(
                plan, stage, bound, prepared, initialized, containers, deletion, failure, at);
    }
}
