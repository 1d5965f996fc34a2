package dev.monopod.agent.pod.life;

import dev.monopod.agent.pod.spec.ContainerIds;
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
        Optional<Integer> exit = Optional.empty();

        Attempt(String name, int number, Instant begun, boolean deathless) {
            this.name = name;
            this.number = number;
            this.begun = begun;
            this.deathless = deathless;
        }

        boolean runs() {
            return exit.isEmpty();
        }
    }

    private final PodSimulation world;
    private final Map<String, Attempt> attempts = new LinkedHashMap<>();
    private boolean alive;
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
    Instant start(String name, int number, Supplier<String> story) {
        Attempt known = attempts.get(name + "/" + number);
        if (known != null) {
            return known.begun;
        }
        if (attempts.values().stream().anyMatch(each -> each.name.equals(name) && each.runs())) {
            throw new AssertionError(name + " runs twice at once\n" + story.get());
        }
        Attempt begun =
                new Attempt(name, number, world.now(), name.startsWith("app") && world.chance(3));
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
}
