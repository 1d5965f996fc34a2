package dev.monopod.agent.pod.life;

import dev.monopod.agent.pod.life.PodState.Stage;
import dev.monopod.agent.pod.spec.ContainerPlan;
import dev.monopod.agent.pod.spec.PodAllocation;
import dev.monopod.agent.pod.spec.ResourceDemand;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/// What holds for a pod at every moment of every life of its agent.
final class PodInvariants {
    private final Map<String, Integer> attempts = new HashMap<>();
    private final Set<String> condemned = new HashSet<>();
    private final Set<String> restartedForResize = new HashSet<>();
    private Optional<PodAllocation> granted = Optional.empty();
    private PodPhase phase = PodPhase.Pending;
    private boolean deletion;
    private Optional<String> failure = Optional.empty();

    /// Whether a pod may come from one phase to another, or stay.
    static boolean legal(PodPhase from, PodPhase to) {
        return from == to || !from.terminal() && from.compareTo(to) < 0;
    }

    private static void check(boolean holds, String what, Supplier<String> story) {
        if (!holds) {
            throw new AssertionError(what + "\n" + story.get());
        }
    }

    /// One step of one life of the agent, before it is noted down.
    void moved(PodState from, PodMachine.Step step, SimulatedGuest guest, Supplier<String> story) {
        PodState to = step.state();
        to.all().forEach(container -> resized(container, from, to, guest, story));
        check(
                to.stage().compareTo(from.stage()) >= 0,
                "stage went back from " + from.stage() + " to " + to.stage(),
                story);
        holds(to, story);
        Set<String> started = new HashSet<>();
        for (PodEffect effect : step.effects()) {
            switch (effect) {
                case PodEffect.StartContainer(String name, int attempt) -> {
                    check(!to.ending(), name + " begins in a pod that ends", story);
                    check(to.stage() == Stage.READY, name + " begins without a machine", story);
                    check(started.add(name), name + " is started twice in one step", story);
                    check(
                            attempt >= attempts.getOrDefault(name, 0),
                            name + " is started again as attempt " + attempt,
                            story);
                }
                case PodEffect.PowerOff() ->
                        check(!to.anyAlive(), "powered off while containers live", story);
                case PodEffect.Remove() ->
                        check(to.deletion().isPresent(), "removed without a deletion", story);
                default -> {}
            }
        }
    }

    /// A container is started anew once for each resize that it needs that for, and always.
    private void resized(
            ContainerRecord container,
            PodState from,
            PodState to,
            SimulatedGuest guest,
            Supplier<String> story) {
        String name = container.name();
        boolean before = from.resize().restarts(name, container.attempt());
        if (to.resize().restarts(name, container.attempt()) && !before) {
            check(
                    granted.filter(to.resize().granted()::equals).isEmpty()
                            || !restartedForResize.contains(name),
                    name + " is started anew twice for one resize",
                    story);
            check(
                    guest.has(name, container.attempt())
                            .map(has ->
                                    ResizeRestart.needed(
                                            container.plan().spec(),
                                            has,
                                            to.resize().granted().container(name)))
                            .orElse(true),
                    name + " is started anew though it has what was granted",
                    story);
        }
        check(
                !before
                        || container.plan().kind() != ContainerPlan.Kind.MAIN
                        || from.ending()
                        || to.ending()
                        || to.restarting()
                        || !(container.phase() instanceof ContainerPhase.Terminated),
                name + " ended for a resize, and is not started anew",
                story);
    }

    /// What was noted down counts from now on.
    void recorded(PodState state) {
        if (!granted.equals(Optional.of(state.resize().granted()))) {
            granted = Optional.of(state.resize().granted());
            restartedForResize.clear();
        }
        state.all().stream()
                .filter(c -> state.resize().restarts(c.name(), c.attempt()))
                .forEach(c -> restartedForResize.add(c.name()));
        state.all().forEach(c -> attempts.merge(c.name(), c.attempt(), Math::max));
        state.all().stream()
                .filter(c -> c.health().condemned().isPresent())
                .forEach(c -> condemned.add(c.name() + "/" + c.attempt()));
        phase = PodPhase.of(state);
        deletion |= state.deletion().isPresent();
        failure = failure.or(() -> state.failure().map(PodState.Failure::reason));
    }

    /// A new life of the agent has restored the pod.
    void restored(Resumption how, Supplier<String> story) {
        switch (how) {
            case Resumption.Forgotten _ -> {}
            case Resumption.Fresh _, Resumption.Ongoing _, Resumption.Lost _, Resumption.Ended _ ->
                    holds(how.state(), story);
        }
    }

    private void holds(PodState state, Supplier<String> story) {
        for (ContainerRecord container : state.all()) {
            int before = attempts.getOrDefault(container.name(), 0);
            check(
                    container.attempt() >= before,
                    "restarts of %s went down from %d to %d"
                            .formatted(container.name(), before, container.attempt()),
                    story);
        }
        PodPhase next = PodPhase.of(state);
        check(legal(phase, next), "%s after %s".formatted(next, phase), story);
        check(
                failure.isEmpty() || failure.equals(state.failure().map(PodState.Failure::reason)),
                "the failure is forgotten: " + failure,
                story);
    }

    /// Nothing comes any more: the pod is where it has to be.
    void converged(
            PodState state,
            boolean ended,
            SimulatedApi api,
            SimulatedGuest guest,
            Supplier<String> story) {
        if (api.deleted() || ended) {
            check(ended, "the deletion does not end", story);
            check(api.deleted(), "removed, and nobody asked for it", story);
            check(!guest.alive(), "its machine runs on", story);
            return;
        }
        check(
                api.phase().equals(Optional.of(PodPhase.of(state).name())),
                "published is %s, and true is %s".formatted(api.phase(), PodPhase.of(state)),
                story);
        if (state.stage() == Stage.OFF) {
            check(PodPhase.of(state).terminal(), "switched off, and not over", story);
            check(!guest.alive(), "its machine runs on", story);
            return;
        }
        check(state.stage() == Stage.READY, "stays at " + state.stage(), story);
        check(guest.alive(), "has no machine", story);
        Set<String> running = new HashSet<>();
        for (ContainerRecord container : state.all()) {
            if (settled(container, guest.stuck(), story)) {
                running.add(container.name() + "/" + container.attempt());
            }
        }
        check(
                guest.running().equals(running),
                "the guest runs %s, the pod %s".formatted(guest.running(), running),
                story);
        running.retainAll(condemned);
        check(guest.stuck() || running.isEmpty(), "condemned, and run on: " + running, story);
        check(guest.stuck() || !state.restarting(), "restarts for ever", story);
        resizeOver(state, api, guest, story);
    }

    private static void resizeOver(
            PodState state, SimulatedApi api, SimulatedGuest guest, Supplier<String> story) {
        ResizeState resize = state.resize();
        ResourceDemand demand = api.plan().resources();
        check(
                demand.excess().isPresent() || resize.granted().equals(demand.asked()),
                "what fits is not granted",
                story);
        check(
                resize.refusal().isPresent() == !resize.granted().equals(demand.asked()),
                "refused is " + resize.refusal(),
                story);
        if (!guest.stuck()) {
            check(resize.course().isEmpty(), "the resize does not end", story);
            check(guest.has(resize.granted()), "what was granted does not hold", story);
        }
    }

    /// Whether it runs; a container that may still move is not where it has to be.
    private static boolean settled(
            ContainerRecord container, boolean stuck, Supplier<String> story) {
        String name = container.name();
        return switch (container.phase()) {
            case ContainerPhase.Terminated _ -> false;
            case ContainerPhase.Running running -> {
                check(stuck || !running.stopping(), name + " is stopped for ever", story);
                check(stuck || container.health().hooked(), name + " has no end of hook", story);
                yield true;
            }
            case ContainerPhase.Waiting _ -> {
                check(stuck, name + " waits for ever", story);
                yield false;
            }
            case ContainerPhase.Starting _ -> {
                check(false, name + " starts for ever", story);
                yield false;
            }
        };
    }
}
