package dev.monopod.agent.pod.life;

/// How far the present attempt of a container has got. Immutable.
///
/// @param hooked its `postStart` hook is over, or there is none: the next container may begin
/// @param started its startup probe succeeded, or there is none
/// @param everStarted outlives restarts: what waited for a sidecar need not wait again
record ContainerHealth(boolean hooked, boolean started, boolean everStarted, boolean ready) {
    static final ContainerHealth NONE = new ContainerHealth(false, false, false, false);

    ContainerHealth withHooked() {
        return new ContainerHealth(true, started, everStarted, ready);
    }

    ContainerHealth withStarted() {
        return new ContainerHealth(true, true, true, ready);
    }

    ContainerHealth withReady(boolean now) {
        return new ContainerHealth(hooked, started, everStarted, now);
    }

    ContainerHealth ended() {
        return new ContainerHealth(false, false, everStarted, false);
    }
}
