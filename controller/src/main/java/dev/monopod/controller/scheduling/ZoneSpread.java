package dev.monopod.controller.scheduling;

import dev.monopod.kube.mapping.PodPhases;
import dev.monopod.kube.mapping.Selectors;
import dev.monopod.model.network.LabelQuery;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.TopologySpreadConstraint;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/// What a pod's `topologySpreadConstraints` over zones ask for, as the default scheduler reads
/// them; those over other keys are met by every Node of its own, or ignored, as affinity is. Pure.
/// The domains are the zones of the profile that the pod's other terms allow, whether a pod is
/// there or not.
record ZoneSpread(List<Constraint> constraints) {
    static final ZoneSpread NONE = new ZoneSpread(List.of());

    private static final Set<String> ZONE_KEYS =
            Set.of("topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone");

    ZoneSpread {
        constraints = List.copyOf(constraints);
    }

    /// A pod that has a place.
    record Neighbour(Pod pod, String zone) {}

    /// One constraint, and how many pods of each zone it counts.
    ///
    /// @param fewestDomains with less, the emptiest counts as having no pod
    /// @param own 1 if the pod counts itself, else 0
    record Constraint(
            boolean required,
            int maxSkew,
            int fewestDomains,
            int own,
            Map<String, Integer> counts) {
        Constraint {
            counts = Map.copyOf(counts);
        }

        private int count(String zone) {
            return counts.getOrDefault(zone, 0);
        }

        private boolean allows(String zone, Collection<String> zones) {
            var least =
                    zones.size() < fewestDomains
                            ? 0
                            : zones.stream().mapToInt(this::count).min().orElse(0);
            return count(zone) + own - least <= maxSkew;
        }
    }

    /// @param neighbours those with a place, of any namespace; what is over or goes counts no more
    static ZoneSpread of(Pod pod, Collection<Neighbour> neighbours) {
        List<Constraint> constraints = new ArrayList<>();
        for (var asked : asked(pod)) {
            var query = query(pod, asked);
            var counts = new HashMap<String, Integer>();
            for (var neighbour : neighbours) {
                if (counts(neighbour.pod(), pod) && matches(query, neighbour.pod())) {
                    counts.merge(neighbour.zone(), 1, Integer::sum);
                }
            }
            constraints.add(
                    new Constraint(
                            !"ScheduleAnyway".equals(asked.getWhenUnsatisfiable()),
                            Objects.requireNonNullElse(asked.getMaxSkew(), 1),
                            Objects.requireNonNullElse(asked.getMinDomains(), 1),
                            matches(query, pod) ? 1 : 0,
                            counts));
        }
        return constraints.isEmpty() ? NONE : new ZoneSpread(constraints);
    }

    /// Whether a look at the neighbours is worth its while.
    static boolean askedBy(Pod pod) {
        return !asked(pod).isEmpty();
    }

    /// Those of the zones where the pod may go by what it requires.
    Set<String> allowed(Set<String> zones) {
        var allowed = new TreeSet<String>();
        for (var zone : zones) {
            if (constraints.stream().allMatch(c -> !c.required() || c.allows(zone, zones))) {
                allowed.add(zone);
            }
        }
        return allowed;
    }

    /// How many pods that the pod would keep away from are in the zone: the fewer the better.
    int crowd(String zone) {
        return constraints.stream().mapToInt(constraint -> constraint.count(zone)).sum();
    }

    private static List<TopologySpreadConstraint> asked(Pod pod) {
        return pod.getSpec().getTopologySpreadConstraints().stream()
                .filter(constraint -> ZONE_KEYS.contains(constraint.getTopologyKey()))
                .toList();
    }

    private static boolean counts(Pod neighbour, Pod pod) {
        return neighbour.getMetadata().getNamespace().equals(pod.getMetadata().getNamespace())
                && !neighbour.getMetadata().getUid().equals(pod.getMetadata().getUid())
                && neighbour.getMetadata().getDeletionTimestamp() == null
                && !PodPhases.ended(neighbour);
    }

    /// Empty: it counts nobody.
    private static Optional<LabelQuery> query(Pod pod, TopologySpreadConstraint asked) {
        if (asked.getLabelSelector() == null) {
            return Optional.empty();
        }
        var query = Selectors.of(asked.getLabelSelector());
        var labels = new HashMap<>(query.labels());
        for (var key : asked.getMatchLabelKeys()) {
            Optional.ofNullable(labels(pod).get(key)).ifPresent(value -> labels.put(key, value));
        }
        return Optional.of(new LabelQuery(labels, query.requirements()));
    }

    private static boolean matches(Optional<LabelQuery> query, Pod pod) {
        return query.isPresent() && query.get().matches(labels(pod));
    }

    private static Map<String, String> labels(Pod pod) {
        return Objects.requireNonNullElse(pod.getMetadata().getLabels(), Map.of());
    }
}
