package dev.monopod.loadbalancing.rules;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/// One step from the targets that a back end has to those that it should have. Each can be taken
/// while traffic flows.
public sealed interface TargetChange {
    record Add(String backend, Target target) implements TargetChange {}

    /// It gets nothing new; what is under way goes on.
    record Drain(String backend, Target target) implements TargetChange {}

    /// A draining target serves again.
    record Resume(String backend, Target target) implements TargetChange {}

    record Weigh(String backend, Target target) implements TargetChange {}

    record Remove(String backend, Target target) implements TargetChange {}

    /// The steps, what adds before what takes away, so that no back end is empty between.
    ///
    /// @param running targets of each back end as they are; must have the same back ends
    static List<TargetChange> between(
            Map<String, List<Target>> running, Map<String, List<Target>> wanted) {
        List<TargetChange> adding = new ArrayList<>();
        List<TargetChange> taking = new ArrayList<>();
        wanted.forEach((backend, targets) -> {
            var before = byName(running.getOrDefault(backend, List.of()));
            var after = byName(targets);
            after.forEach((name, target) -> {
                var known = before.get(name);
                if (known == null) {
                    if (target.state() == Target.State.READY) {
                        adding.add(new Add(backend, target));
                    }
                } else {
                    if (known.state() != target.state()) {
                        switch (target.state()) {
                            case READY -> adding.add(new Resume(backend, target));
                            case DRAINING -> taking.add(new Drain(backend, target));
                        }
                    }
                    if (known.weight() != target.weight() && target.state() == Target.State.READY) {
                        adding.add(new Weigh(backend, target));
                    }
                }
            });
            before.forEach((name, target) -> {
                if (!after.containsKey(name)) {
                    taking.add(new Remove(backend, target));
                }
            });
        });
        adding.addAll(taking);
        return adding;
    }

    private static Map<String, Target> byName(List<Target> targets) {
        return targets.stream()
                .collect(
                        Collectors.toMap(
                                Target::name,
                                Function.identity(),
                                (first, second) -> first,
                                TreeMap::new));
    }
}
