package dev.monopod.controller.patching;

import dev.monopod.kube.api.PatchRunStatus.Refused;
import dev.monopod.model.time.Moment;
import dev.monopod.model.time.NotedTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/// When the last tries of refused pods are due. They are told by the wall clock; within this
/// process they come by the steady one, so that a wall clock that is set deletes no pod early.
/// Owned by one thread.
final class Deadlines {
    private final Map<String, Instant> steady = new HashMap<>();

    /// A pod whose eviction was refused right now.
    void begin(String uid, Duration deadline, Moment now) {
        steady.put(uid, now.steady().plus(deadline));
    }

    boolean due(Refused refused, Moment now) {
        var time =
                steady.computeIfAbsent(
                        refused.uid(),
                        _ ->
                                new NotedTime(millis(refused.refusedAt()), now)
                                        .steady(millis(refused.scheduledTerminationTime())));
        return !now.steady().isBefore(time);
    }

    void keepOnly(Collection<String> uids) {
        steady.keySet().retainAll(uids);
    }

    private static long millis(String time) {
        return Instant.parse(time).toEpochMilli();
    }
}
