package dev.monopod.agent.pod.life;

import dev.monopod.agent.pod.spec.ContainerIds;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.stream.Stream;

/// The end of containers that nobody saw end: the machine is gone, or a process does not even die
/// of SIGKILL, as one that waits for a dead NFS server. Pure.
final class ForcedEnd {
    /// Between the moment by which all containers have to have ended and the end of the machine.
    static final Duration PATIENCE = Duration.ofSeconds(30);

    private static final int KILLED = 137;

    private ForcedEnd() {}

    /// When the machine is switched off whether its containers have ended or not.
    static Optional<Instant> due(PodState state) {
        return Stream.concat(
                        state.deletion().stream(),
                        state.failure().map(PodState.Failure::deadline).stream())
                .min(Instant::compareTo)
                .map(deadline -> deadline.plus(PATIENCE));
    }

    /// Notes down that what lived has ended, at an unknown moment with an unknown code.
    static PodState of(PodState state, String message, Instant now) {
        var ended = state;
        for (var container : state.all()) {
            if (container.alive()) {
                var startedAt =
                        container.phase() instanceof ContainerPhase.Running running
                                ? running.startedAt()
                                : now;
                var termination =
                        new Termination(
                                ContainerIds.of(
                                        state.plan().uid(), container.name(), container.attempt()),
                                KILLED,
                                0,
                                "ContainerStatusUnknown",
                                message,
                                startedAt,
                                now);
                ended = ended.with(container.withPhase(new ContainerPhase.Terminated(termination)));
            }
        }
        return ended;
    }
}
