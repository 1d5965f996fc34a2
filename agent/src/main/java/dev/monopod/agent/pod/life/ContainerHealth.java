package dev.monopod.agent.pod.life;

import java.time.Duration;
import java.util.Optional;

/// How far the present attempt of a container has got. Immutable.
///
/// @param hooked its `postStart` hook is over, or there is none: the next container may begin
/// @param started its startup probe succeeded, or there is none
/// @param everStarted outlives restarts: what waited for a sidecar need not wait again
/// @param inherited an earlier life of the agent left it alive, and the guest has not told of it
///   yet
/// @param condemned why it has to end, if it has to
record ContainerHealth(
        boolean hooked,
        boolean started,
        boolean everStarted,
        boolean ready,
        boolean inherited,
        Optional<Condemnation> condemned) {
    static final ContainerHealth NONE = new ContainerHealth(false, false, false, false);

    /// @param grace of the probe, over the pod's
    record Condemnation(String message, Optional<Duration> grace) {}

    ContainerHealth(boolean hooked, boolean started, boolean everStarted, boolean ready) {
        this(hooked, started, everStarted, ready, false, Optional.empty());
    }

    ContainerHealth withHooked() {
        return new ContainerHealth(true, started, everStarted, ready, inherited, condemned);
    }

    ContainerHealth withStarted() {
        return new ContainerHealth(true, true, true, ready, inherited, condemned);
    }

    ContainerHealth withReady(boolean now) {
        return new ContainerHealth(hooked, started, everStarted, now, inherited, condemned);
    }

    ContainerHealth withInherited(boolean now) {
        return new ContainerHealth(hooked, started, everStarted, ready, now, condemned);
    }

    /// The first reason counts.
    ContainerHealth withCondemned(Condemnation why) {
        return new ContainerHealth(
                hooked,
                started,
                everStarted,
                ready,
                inherited,
                condemned.or(() -> Optional.of(why)));
    }

    ContainerHealth ended() {
        return new ContainerHealth(false, false, everStarted, false);
    }
}
