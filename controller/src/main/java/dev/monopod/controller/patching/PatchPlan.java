package dev.monopod.controller.patching;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/// What is to be done now with the pods of a round. Pure.
///
/// | pod | its zone | its group | then |
/// | --- | --- | --- | --- |
/// | never refused | first that has such pods | none of it tried in this pass; without a budget: none of it leaves | evicted |
/// | never refused | a later one | any | waits |
/// | refused, not due | any | any | waits for its time, and holds up no other |
/// | refused, due | any | none of it tried in this pass, none leaves | evicted, or else deleted |
/// | leaves | any | any | holds its zone until it is gone, unless it was refused |
///
/// @param zone that is being patched; empty when only refused pods are left
/// @param evictions each of another group
/// @param lastTries each of another group
record PatchPlan(Optional<String> zone, List<Candidate> evictions, List<Candidate> lastTries) {
    /// In a pass; the next comes within seconds.
    static final int MOST = 10;

    /// @param candidates in the order in which they are to be patched, zone by zone
    static PatchPlan of(Collection<Candidate> candidates) {
        var leaving =
                candidates.stream()
                        .filter(Candidate::leaving)
                        .map(Candidate::group)
                        .collect(Collectors.toSet());
        var zone =
                candidates.stream()
                        .filter(each -> each.refused().isEmpty())
                        .map(each -> each.target().zone())
                        .findFirst();
        var tried = new HashSet<String>();
        var lastTries = new ArrayList<Candidate>();
        var evictions = new ArrayList<Candidate>();
        for (var each : candidates) {
            if (each.leaving() || lastTries.size() + evictions.size() == MOST) {
                continue;
            }
            var alone = !leaving.contains(each.group());
            if (each.refused().isPresent()) {
                if (each.due() && alone && tried.add(each.group())) {
                    lastTries.add(each);
                }
            } else if (zone.equals(Optional.of(each.target().zone()))
                    && (alone || each.hope() != Candidate.Hope.UNBOUND)
                    && tried.add(each.group())) {
                evictions.add(each);
            }
        }
        return new PatchPlan(zone, evictions, lastTries);
    }
}
