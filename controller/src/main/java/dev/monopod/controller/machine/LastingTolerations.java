package dev.monopod.controller.machine;

import io.fabric8.kubernetes.api.model.Toleration;
import io.fabric8.kubernetes.api.model.TolerationBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/// Tolerations, without an end, of what the node lifecycle controller says of a Node that does not
/// speak. Pure.
final class LastingTolerations {
    private static final List<String> SILENCE =
            List.of("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable");
    private static final String EVICTS = "NoExecute";

    private LastingTolerations() {}

    /// What a pod with these tolerations needs; empty if they do. Of tolerations that are there
    /// only the time changes: the API server allows nothing else.
    static Optional<List<Toleration>> of(List<Toleration> present) {
        var all = new ArrayList<Toleration>();
        for (var toleration : present) {
            var ends = toleration.getTolerationSeconds() != null;
            all.add(
                    ends && SILENCE.stream().anyMatch(taint -> tolerates(toleration, taint))
                            ? new TolerationBuilder(toleration).withTolerationSeconds(null).build()
                            : toleration);
        }
        for (var taint : SILENCE) {
            if (all.stream().noneMatch(toleration -> tolerates(toleration, taint))) {
                all.add(
                        new TolerationBuilder()
                                .withKey(taint)
                                .withOperator("Exists")
                                .withEffect(EVICTS)
                                .build());
            }
        }
        return all.equals(present) ? Optional.empty() : Optional.of(all);
    }

    private static boolean tolerates(Toleration toleration, String taint) {
        var key = Objects.requireNonNullElse(toleration.getKey(), "");
        var effect = Objects.requireNonNullElse(toleration.getEffect(), "");
        var value = Objects.requireNonNullElse(toleration.getValue(), "");
        return (key.isEmpty() || key.equals(taint))
                && (effect.isEmpty() || effect.equals(EVICTS))
                && ("Exists".equals(toleration.getOperator()) || value.isEmpty());
    }
}
