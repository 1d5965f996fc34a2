package dev.monopod.model.profile;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Finds pods that two profiles select: only one of them runs such a pod, which surprises who wrote
/// the other. Pure.
public final class ProfileOverlap {
    /// A user reads no more.
    private static final int MOST = 5;

    private ProfileOverlap() {}

    /// A sentence for each other profile that may select a pod that this one selects, in the order
    /// of their names; at most five.
    public static List<String> of(Profile profile, Collection<Profile> others) {
        List<String> found = new ArrayList<>();
        others.stream()
                .filter(other -> !other.name().equals(profile.name()))
                .sorted(Comparator.comparing(Profile::name))
                .forEach(other -> overlap(profile, other).ifPresent(found::add));
        return found.stream().limit(MOST).toList();
    }

    private static Optional<String> overlap(Profile profile, Profile other) {
        for (var index = 0; index < profile.selectors().size(); index++) {
            var own = profile.selectors().get(index);
            for (var theirs : other.selectors()) {
                if (both(own, theirs)) {
                    var first =
                            profile.name().compareTo(other.name()) < 0
                                    ? profile.name()
                                    : other.name();
                    return Optional.of(
                            ("spec.selectors[%d] may select pods that Fargate profile %s selects too, by"
                                            + " namespace %s%s; of both, %s runs them, the first by name,"
                                            + " unless their label %s names the other")
                                    .formatted(
                                            index,
                                            other.name(),
                                            theirs.namespace(),
                                            theirs.labels().isEmpty()
                                                    ? ""
                                                    : " and labels " + theirs.labels(),
                                            first,
                                            ProfileMatching.PROFILE_LABEL));
                }
            }
        }
        return Optional.empty();
    }

    /// Whether there can be a pod that both select.
    private static boolean both(Selector one, Selector other) {
        return new Wildcard(one.namespace()).meets(new Wildcard(other.namespace()))
                && one.labels().entrySet().stream().allMatch(pair -> agrees(pair, other.labels()));
    }

    /// A pod has one value for a key. A key with a wildcard may stand for another key.
    private static boolean agrees(Map.Entry<String, String> pair, Map<String, String> others) {
        var theirs = others.get(pair.getKey());
        return theirs == null
                || !new Wildcard(pair.getKey()).literal()
                || new Wildcard(pair.getValue()).meets(new Wildcard(theirs));
    }
}
