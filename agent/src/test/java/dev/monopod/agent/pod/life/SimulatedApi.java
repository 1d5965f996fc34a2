package dev.monopod.agent.pod.life;

import dev.monopod.agent.pod.spec.PodPlan;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;

/// What the API server has of the pod of a [PodSimulation]. Outlives its agent.
final class SimulatedApi {
    private final PodSimulation world;
    private PodPlan plan;
    private Optional<Duration> deletion = Optional.empty();
    private Optional<String> phase = Optional.empty();
    private boolean exists = true;
    private boolean publishes;
    private Optional<PodState> wanted = Optional.empty();

    SimulatedApi(PodSimulation world, PodPlan plan) {
        this.world = world;
        this.plan = plan;
    }

    PodPlan plan() {
        return plan;
    }

    void change(PodPlan next) {
        plan = next;
    }

    boolean exists() {
        return exists;
    }

    boolean deleted() {
        return deletion.isPresent() || !exists;
    }

    /// As published.
    Optional<String> phase() {
        return phase;
    }

    void delete(Duration grace) {
        if (deletion.isEmpty() || grace.compareTo(deletion.get()) < 0) {
            deletion = Optional.of(grace);
        }
    }

    void gone() {
        exists = false;
    }

    /// A new life of the agent: what the one before wanted to publish is lost.
    void publishes(boolean now) {
        publishes = now;
        wanted = Optional.empty();
    }

    /// The newest state is published soon.
    void want(PodState state) {
        if (!publishes) {
            return;
        }
        boolean under = wanted.isPresent();
        wanted = Optional.of(state);
        if (!under) {
            world.task("publish", Duration.ofSeconds(2), this::publish);
        }
    }

    private void publish() {
        PodPhase next = PodPhase.of(wanted.orElseThrow());
        wanted = Optional.empty();
        if (phase.isPresent() && !PodInvariants.legal(PodPhase.valueOf(phase.get()), next)) {
            throw new AssertionError(
                    "published %s after %s%n%s".formatted(next, phase.get(), world.describe()));
        }
        phase = Optional.of(next.name());
    }

    /// The agent looks at the pod's object.
    void look(Consumer<PodInput> seen) {
        if (!exists) {
            seen.accept(new PodInput.ObjectGone());
            return;
        }
        if (!plan.equals(world.state().plan())) {
            seen.accept(new PodInput.Changed(plan));
        }
        deletion.ifPresent(grace -> seen.accept(new PodInput.Deletion(grace)));
    }
}
