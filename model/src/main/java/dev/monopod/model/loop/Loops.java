package dev.monopod.model.loop;

import dev.monopod.model.loop.LoopHealth.Reach;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.random.RandomGenerator;

/// All loops of a process: makes them, and shows how each fares until it is closed. Thread-safe.
public final class Loops {
    private final InstantSource clock;
    private final RandomGenerator random;
    private final Set<Loop> loops = ConcurrentHashMap.newKeySet();

    /// @param random thread-safe; for back-offs
    public Loops(InstantSource clock, RandomGenerator random) {
        this.clock = clock;
        this.random = random;
    }

    /// A loop that all of the process needs.
    public Loop loop(String name, Pace pace, Loop.Body body) {
        return add(name, new Reach.Process(), pace, planned(pace, body));
    }

    /// A loop that all of the process needs, and whose passes know when the next one is due.
    public Loop planned(String name, Pace pace, Loop.PlannedBody body) {
        return add(name, new Reach.Process(), pace, _ -> body.pass());
    }

    /// A loop that all of the process needs, and whose passes last.
    public Loop lasting(String name, Pace pace, Loop.LastingBody body) {
        return add(name, new Reach.Process(), pace, lasting(pace, body));
    }

    /// A loop that one pod needs. Its failures are shown, and leave the process ready.
    ///
    /// @param kind of the loop; those of all pods share one line
    /// @param name of it alone
    public Loop ofPod(String kind, String name, Pace pace, Loop.Body body) {
        return add(name, new Reach.OfPod(kind), pace, planned(pace, body));
    }

    /// A loop that one pod needs, and whose passes last.
    ///
    /// @param kind of the loop; those of all pods share one line
    /// @param name of it alone
    public Loop lastingOfPod(String kind, String name, Pace pace, Loop.LastingBody body) {
        return add(name, new Reach.OfPod(kind), pace, lasting(pace, body));
    }

    private static Loop.Pass planned(Pace pace, Loop.Body body) {
        return lasting(pace, _ -> body.pass());
    }

    private static Loop.Pass lasting(Pace pace, Loop.LastingBody body) {
        var period = pace.period();
        return signs -> {
            body.pass(signs);
            return period;
        };
    }

    private Loop add(String name, Reach reach, Pace pace, Loop.Pass body) {
        var loop =
                new Loop(
                        name,
                        reach,
                        pace,
                        body,
                        new Loop.Surroundings(clock, random, loops::remove));
        loops.add(loop);
        return loop;
    }

    /// By name.
    public List<LoopHealth> health() {
        return loops.stream()
                .map(Loop::health)
                .sorted(Comparator.comparing(LoopHealth::name))
                .toList();
    }
}
