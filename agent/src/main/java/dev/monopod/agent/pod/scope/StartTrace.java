package dev.monopod.agent.pod.scope;

import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Map.Entry;
import java.util.stream.Collectors;

/// Which step of a pod's start was reached when. Steps run beside each other, so each one's share
/// is the time since the step that was reached before it, and the shares add up to the whole. Pure.
///
/// @param begun when the agent took up the pod
public record StartTrace(Instant begun, Map<Step, Instant> reached) {
    /// What is reached by a start, in no strict order.
    public enum Step {
        /// The pod is bound, and this machine's.
        BOUND,
        /// The network interface is there.
        NETWORK,
        /// What the images are is known, for all of them.
        IMAGES,
        /// The machine's process runs.
        MACHINE,
        /// The guest has answered, and knows who it is.
        ANSWERED,
        /// Files and volumes are in the guest.
        VOLUMES,
        /// The first container runs.
        STARTED,
        /// The API server has the pod as Running.
        TOLD
    }

    public StartTrace {
        reached = Map.copyOf(reached);
    }

    static StartTrace begun(Instant now) {
        return new StartTrace(now, Map.of());
    }

    /// The first time counts.
    StartTrace with(Step step, Instant now) {
        if (reached.containsKey(step)) {
            return this;
        }
        var more = new EnumMap<Step, Instant>(Step.class);
        more.putAll(reached);
        more.put(step, now);
        return new StartTrace(begun, more);
    }

    /// Whether a machine was started and the pod has been told of as Running; of a pod that was
    /// taken up while it ran there is nothing to tell.
    boolean whole() {
        return reached.containsKey(Step.MACHINE) && reached.containsKey(Step.TOLD);
    }

    /// `4731 ms: bound 12, network 48, …`: the whole, and each step's share in the order in which
    /// they were reached.
    @Override
    public String toString() {
        var before = new Instant[] {begun};
        var shares =
                reached.entrySet().stream()
                        .sorted(
                                Entry.<Step, Instant>comparingByValue()
                                        .thenComparing(Entry.comparingByKey()))
                        .map(step -> {
                            var share = millis(before[0], step.getValue());
                            before[0] = step.getValue();
                            return step.getKey().name().toLowerCase(Locale.ROOT) + " " + share;
                        })
                        .collect(Collectors.joining(", "));
        return millis(begun, before[0]) + " ms: " + shares;
    }

    /// Differences of whole milliseconds, so that the shares add up.
    private long millis(Instant from, Instant to) {
        return Duration.between(begun, to).toMillis() - Duration.between(begun, from).toMillis();
    }
}
