package dev.monopod.agent.pod.life;

import dev.monopod.agent.pod.spec.ContainerIds;
import dev.monopod.agent.pod.spec.PodAllocation;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/// The machine of a [PodSimulation] and the containers in it. Outlives its agent.
final class SimulatedGuest {
    /// Hears of a container: name, attempt, exit code if it has ended, begin.
    @FunctionalInterface
    interface Watcher {
        void told(String name, int attempt, Optional<Integer> exit, Instant at);
    }

    private static final class Attempt {
        final String name;
        final int number;
        final Instant begun;
        final boolean deathless;
        ResourceRequirements has;
        boolean askedTwice;
        Optional<Integer> exit = Optional.empty();

        Attempt(
                String name,
                int number,
                Instant begun,
                boolean deathless,
                ResourceRequirements has) {
            this.name = name;
            this.number = number;
            this.begun = begun;
            this.deathless = deathless;
            this.has = has;
        }

        boolean runs() {
            return exit.isEmpty();
        }
    }

    private final PodSimulation world;
    private final Map<String, Attempt> attempts = new LinkedHashMap<>();
    private boolean alive;

    /// All containers together have the wider of both.
    private Optional<PodAllocation> from = Optional.empty();

    private Optional<PodAllocation> to = Optional.empty();
    private Optional<Watcher> watcher = Optional.empty();
    private Optional<Runnable> onDeath = Optional.empty();

    SimulatedGuest(PodSimulation world) {
        this.world = world;
    }

    boolean alive() {
        return alive;
    }

    void boot() {
        alive = true;
        attempts.clear();
        from = Optional.empty();
        to = Optional.empty();
    }

    /// Only the first time counts, as in the real guest.
    void configure(PodAllocation granted) {
        if (to.isEmpty()) {
            from = Optional.of(granted);
            to = Optional.of(granted);
        }
    }

    /// The agent was killed: nobody listens any more.
    void agentGone() {
        watcher = Optional.empty();
        onDeath = Optional.empty();
    }

    void onDeath(Runnable action) {
        onDeath = Optional.of(action);
        if (!alive) {
            world.task("machine's end seen", Duration.ofSeconds(1), action);
        }
    }

    void die() {
        if (alive) {
            off();
            onDeath.ifPresent(
                    action -> world.task("machine's end seen", Duration.ofSeconds(1), action));
        }
    }

    void off() {
        alive = false;
        attempts.clear();
    }

    Set<String> ids() {
        return attempts.values().stream()
                .map(attempt -> ContainerIds.of("uid", attempt.name, attempt.number))
                .collect(Collectors.toSet());
    }

    /// What runs, as `name/attempt`.
    Set<String> running() {
        return attempts.values().stream()
                .filter(Attempt::runs)
                .map(attempt -> attempt.name + "/" + attempt.number)
                .collect(Collectors.toSet());
    }

    boolean knows(String name, int number) {
        return attempts.containsKey(name + "/" + number);
    }

    /// Whether something runs that no signal ends.
    boolean stuck() {
        return attempts.values().stream().anyMatch(attempt -> attempt.runs() && attempt.deathless);
    }

    void watch(Watcher told) {
        watcher = Optional.of(told);
        List.copyOf(attempts.values()).forEach(this::tell);
    }

    private void tell(Attempt attempt) {
        Optional<Integer> exit = attempt.exit;
        watcher.ifPresent(each ->
                world.task(
                        "guest tells of " + attempt.name + " " + attempt.number,
                        Duration.ofSeconds(1),
                        () -> each.told(attempt.name, attempt.number, exit, attempt.begun)));
    }

    /// A second start of one attempt changes nothing, as by its id in the real guest.
    Instant start(String name, int number, PodAllocation granted, Supplier<String> story) {
        Attempt known = attempts.get(name + "/" + number);
        if (known != null) {
            known.askedTwice = true;
            return known.begun;
        }
        if (attempts.values().stream().anyMatch(each -> each.name.equals(name) && each.runs())) {
            throw new AssertionError(name + " runs twice at once\n" + story.get());
        }
        Attempt begun =
                new Attempt(
                        name,
                        number,
                        world.now(),
                        name.startsWith("app") && world.chance(3),
                        granted.container(name));
        attempts.put(name + "/" + number, begun);
        tell(begun);
        if (name.startsWith("init")) {
            world.world(
                    name + " ends",
                    Duration.ofSeconds(5),
                    () -> exit(name, number, world.calm() || world.chance(70) ? 0 : 1));
        }
        return begun.begun;
    }

    /// By signal or of its own accord; what has ended, or does not die, is not moved by it.
    void exit(String name, int number, int code) {
        Attempt attempt = attempts.get(name + "/" + number);
        if (attempt != null && attempt.runs() && !attempt.deathless) {
            attempt.exit = Optional.of(code);
            tell(attempt);
        }
    }

    void exitAny() {
        List<Attempt> running = attempts.values().stream().filter(Attempt::runs).toList();
        if (!running.isEmpty()) {
            Attempt attempt = running.get(world.random.nextInt(running.size()));
            exit(attempt.name, attempt.number, world.random.nextInt(3));
        }
    }

    /// What the guest says to an order; empty when it is done.
    ///
    /// @param pod as the agent has it now
    Optional<String> limit(PodEffect.Resize order, PodState pod, Supplier<String> story) {
        if (!alive || !world.calm() && world.chance(20)) {
            return Optional.of(world.chance(50) ? "more is in use" : "no answer");
        }
        if (order.target().all()) {
            narrowed(order, pod, story);
            from = Optional.of(order.from());
            to = Optional.of(order.to());
            return Optional.empty();
        }
        String name = order.target().container();
        Attempt attempt = attempts.get(name + "/" + order.target().attempt());
        if (attempt == null || !attempt.runs()) {
            return Optional.of("it does not run");
        }
        ResourceRequirements next = order.to().container(name);
        if (!to.equals(Optional.of(order.to())) && !from.equals(Optional.of(order.to()))) {
            throw new AssertionError(name + " is limited before all have room\n" + story.get());
        }
        if (!attempt.askedTwice
                && ResizeRestart.needed(pod.container(name).plan().spec(), attempt.has, next)) {
            throw new AssertionError(name + " is not started anew\n" + story.get());
        }
        attempt.has = next;
        return Optional.empty();
    }

    private void narrowed(PodEffect.Resize order, PodState pod, Supplier<String> story) {
        boolean narrows =
                order.from().equals(order.to()) && order.to().equals(pod.resize().granted());
        for (Attempt attempt : attempts.values()) {
            if (narrows
                    && lasting(attempt)
                    && !attempt.has.equals(order.to().container(attempt.name))) {
                throw new AssertionError(
                        "all are narrowed before " + attempt.name + "\n" + story.get());
            }
        }
    }

    private static boolean lasting(Attempt attempt) {
        return attempt.runs() && !attempt.name.startsWith("debugger");
    }

    /// What an attempt that runs has; empty for others, and for one that was asked for twice, since
    /// which of both it got its resources from is not known.
    Optional<ResourceRequirements> has(String name, int number) {
        return Optional.ofNullable(attempts.get(name + "/" + number))
                .filter(attempt -> attempt.runs() && !attempt.askedTwice)
                .map(attempt -> attempt.has);
    }

    /// Whether all of it has what was granted, and nothing else.
    boolean has(PodAllocation granted) {
        return from.equals(Optional.of(granted))
                && to.equals(Optional.of(granted))
                && attempts.values().stream()
                        .filter(SimulatedGuest::lasting)
                        .allMatch(attempt -> attempt.has.equals(granted.container(attempt.name)));
    }
}
