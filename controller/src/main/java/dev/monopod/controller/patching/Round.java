package dev.monopod.controller.patching;

import dev.monopod.kube.api.PatchRun;
import dev.monopod.kube.api.PatchRunStatus;
import dev.monopod.kube.api.PatchRunStatus.Phase;
import dev.monopod.kube.api.PatchRunStatus.Refused;
import dev.monopod.kube.patching.PatchTarget;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The status of a round while a pass works on it. Pure; owned by one thread.
final class Round {
    /// Beyond so many no pod is tried that might be refused, so that the object stays small.
    static final int MOST_REFUSED = 1000;

    private final PatchRunStatus before;
    private final List<PatchTarget> targets;
    private final Map<String, Refused> refused;
    private int evicted;
    private int deleted;
    private @Nullable String message;

    /// @param targets that are left
    Round(PatchRun run, List<PatchTarget> targets) {
        this.before =
                Optional.ofNullable(run.getStatus())
                        .orElseGet(() ->
                                new PatchRunStatus(null, null, 0, 0, 0, 0, null, null, null, null));
        this.targets = targets;
        this.evicted = before.evicted();
        this.deleted = before.deleted();
        var left = targets.stream().map(PatchTarget::uid).collect(Collectors.toSet());
        // A status that somebody wrote by hand may name a pod twice.
        this.refused =
                before.refusals().stream()
                        .filter(each -> left.contains(each.uid()))
                        .collect(
                                Collectors.toMap(
                                        Refused::uid,
                                        Function.identity(),
                                        (first, _) -> first,
                                        HashMap::new));
    }

    Optional<Refused> refusal(PatchTarget target) {
        return Optional.ofNullable(refused.get(target.uid()));
    }

    boolean full() {
        return refused.size() >= MOST_REFUSED;
    }

    void evicted() {
        evicted++;
    }

    void deleted() {
        deleted++;
    }

    /// The first of a pass is shown.
    void waits(String why) {
        if (message == null) {
            message = why;
        }
    }

    void refused(PatchTarget target, String why, Instant now, Instant termination) {
        var meta = target.pod().getMetadata();
        refused.put(
                target.uid(),
                new Refused(
                        meta.getNamespace(),
                        meta.getName(),
                        target.uid(),
                        why,
                        time(now),
                        time(termination),
                        false));
    }

    void told(Refused told) {
        refused.put(told.uid(), told.told());
    }

    /// As it is to be written. Done when no pod is left.
    PatchRunStatus status(PatchPlan plan, Instant now) {
        var done = targets.isEmpty();
        var first = before.startedAt() == null;
        return new PatchRunStatus(
                done ? Phase.Done : Phase.Running,
                plan.zone().orElse(null),
                first ? targets.size() : Math.max(before.pods(), targets.size()),
                targets.size(),
                evicted,
                deleted,
                first ? time(now) : before.startedAt(),
                done ? time(now) : null,
                done ? null : message,
                inOrder());
    }

    private @Nullable List<Refused> inOrder() {
        var order = new ArrayList<Refused>();
        for (var target : targets) {
            refusal(target).ifPresent(order::add);
        }
        return order.isEmpty() ? null : order;
    }

    private static String time(Instant instant) {
        return instant.truncatedTo(ChronoUnit.MILLIS).toString();
    }
}
