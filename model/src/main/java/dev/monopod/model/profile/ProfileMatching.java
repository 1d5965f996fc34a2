package dev.monopod.model.profile;

import java.util.Comparator;
import java.util.List;
import java.util.Map;

/// Decides which profile runs a pod: the one that its label names if it matches, else the first
/// match in alphanumeric order of names. Source: the user guide's "Fargate profile".
public final class ProfileMatching {
    public static final String PROFILE_LABEL = "eks.amazonaws.com/fargate-profile";
    public static final String COMPUTE_TYPE_ANNOTATION = "eks.amazonaws.com/compute-type";

    private ProfileMatching() {}

    /// Chooses among these profiles; the caller passes the ACTIVE ones only.
    public static Match choose(
            List<Profile> profiles,
            String namespace,
            Map<String, String> labels,
            Map<String, String> annotations) {
        if ("ec2".equals(annotations.get(COMPUTE_TYPE_ANNOTATION))) {
            return new Match.OptedOut();
        }
        var named = labels.get(PROFILE_LABEL);
        if (named != null) {
            return named(profiles, named, namespace, labels);
        }
        return profiles.stream()
                .filter(profile -> profile.matches(namespace, labels))
                .min(Comparator.comparing(Profile::name))
                .<Match>map(Match.Selected::new)
                .orElseGet(Match.None::new);
    }

    private static Match named(
            List<Profile> profiles, String named, String namespace, Map<String, String> labels) {
        var found = profiles.stream().filter(profile -> profile.name().equals(named)).findFirst();
        if (found.isEmpty()) {
            return new Match.LabelNamesOther(
                    named, "there is no ACTIVE Fargate profile named " + named);
        }
        if (!found.get().matches(namespace, labels)) {
            return new Match.LabelNamesOther(
                    named,
                    "no selector of Fargate profile "
                            + named
                            + " matches the pod's namespace "
                            + namespace
                            + " and labels");
        }
        return new Match.Selected(found.get());
    }
}
