package dev.monopod.controller.scheduling;

import dev.monopod.kube.mapping.PodProfiles;
import dev.monopod.kube.mapping.PodShapes;
import dev.monopod.kube.mapping.PodSizing;
import dev.monopod.model.names.Names;
import dev.monopod.model.profile.Match;
import dev.monopod.model.profile.Profile;
import dev.monopod.model.size.MemoryOverhead;
import dev.monopod.model.size.Provisioned;
import dev.monopod.model.size.Size;
import dev.monopod.model.size.Sizing;
import dev.monopod.model.support.PodShape.ClaimState;
import dev.monopod.model.support.Refusals;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.List;
import java.util.function.BiFunction;

/// Whether Fargate runs a pod, and as what. Pure, and made anew at each decision: by the selectors
/// of the profiles that are ACTIVE and by the pod's specification, whether a webhook saw the pod or
/// not. Of what the pod says of itself only two things count, and neither is believed: its label
/// may pick one of the profiles that select it anyway, and its annotation may keep it off Fargate.
sealed interface Judgement {
    /// It runs by this profile, on a machine of this size.
    record Fits(Profile profile, Size size) implements Judgement {}

    /// No profile runs it.
    record Unmatched(String message) implements Judgement {}

    /// A profile selects it, and Fargate excludes it; reason and message in EKS' words.
    record Unsupported(String reason, String message) implements Judgement {}

    /// @param active the profiles that take pods
    /// @param claims what is known of a claim, by its namespace and name
    static Judgement of(
            Pod pod,
            List<Profile> active,
            BiFunction<String, String, ClaimState> claims,
            MemoryOverhead overhead) {
        var metadata = pod.getMetadata();
        var namespace = metadata.getNamespace();
        return switch (PodProfiles.of(metadata, namespace, active)) {
            case Match.Selected(Profile profile) -> supported(pod, profile, claims, overhead);
            case Match.None() ->
                    new Unmatched(
                            PodProfiles.isOfDaemonSet(metadata)
                                    ? "Fargate runs no pods of DaemonSets"
                                    : "Misconfigured Fargate Profile: no ACTIVE Fargate profile"
                                            + " matches the pod's namespace "
                                            + namespace
                                            + " and labels");
            case Match.OptedOut() ->
                    new Unmatched(
                            "the pod's annotation "
                                    + Names.COMPUTE_TYPE
                                    + ": ec2 keeps it off Fargate, and its schedulerName "
                                    + Names.SCHEDULER_NAME
                                    + " off every other node");
            case Match.LabelNamesOther(String _, String reason) ->
                    new Unmatched("Misconfigured Fargate Profile: " + reason);
        };
    }

    private static Judgement supported(
            Pod pod,
            Profile profile,
            BiFunction<String, String, ClaimState> claims,
            MemoryOverhead overhead) {
        var metadata = pod.getMetadata();
        var refusals =
                Refusals.check(
                        PodShapes.of(
                                pod.getSpec(),
                                metadata.getName(),
                                claim -> claims.apply(metadata.getNamespace(), claim)));
        if (!refusals.isEmpty()) {
            return new Unsupported(Refusals.REASON, Refusals.eksMessage(refusals));
        }
        return switch (PodSizing.provision(pod.getSpec(), overhead)) {
            case Provisioned.TooLarge(String message) ->
                    new Unsupported(Sizing.TOO_LARGE_REASON, message);
            case Provisioned.TooMuchStorage(String message) ->
                    new Unsupported(Refusals.REASON, message);
            case Provisioned.Fits(Size size) -> new Fits(profile, size);
        };
    }
}
