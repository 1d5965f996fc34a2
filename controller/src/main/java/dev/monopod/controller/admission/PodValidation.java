package dev.monopod.controller.admission;

import dev.monopod.kube.mapping.PodShapes;
import dev.monopod.kube.mapping.PodSizing;
import dev.monopod.model.profile.Match;
import dev.monopod.model.profile.Profile;
import dev.monopod.model.size.Provisioned;
import dev.monopod.model.support.PodShape.ClaimState;
import dev.monopod.model.support.Refusals;
import io.fabric8.kubernetes.api.model.PodSpec;

/// Refuses what Fargate excludes, in EKS' words with field and remedy, unless the profile wants
/// such pods to stay Pending. Source: rows F10, F11, F13, and the contract's "Volumes".
public final class PodValidation implements Webhook {
    private static final int FORBIDDEN = 403;

    private final ClusterReads reads;
    private final AdmissionSettings settings;

    public PodValidation(ClusterReads reads, AdmissionSettings settings) {
        this.reads = reads;
        this.settings = settings;
    }

    @Override
    public Verdict judge(Review review) {
        return switch (PodFacts.match(review, reads)) {
            case Match.None(), Match.OptedOut(), Match.LabelNamesOther _ ->
                    Verdict.Allowed.SILENTLY;
            case Match.Selected(Profile profile) -> judge(review, profile);
        };
    }

    /// Of a pod that this profile selects.
    Verdict judge(Review review, Profile profile) {
        return switch (profile.unsupportedPods()) {
            case REJECT -> reject(review, profile);
            case PENDING -> new Verdict.Allowed(PodAdvice.of(PodFacts.spec(review.object())));
        };
    }

    private Verdict reject(Review review, Profile profile) {
        var spec = PodFacts.spec(review.object());
        var refusals =
                Refusals.check(
                        PodShapes.of(
                                spec, claim -> decided(reads.claim(review.namespace(), claim))));
        if (!refusals.isEmpty()) {
            return new Verdict.Denied(FORBIDDEN, "Forbidden", Refusals.explanation(refusals));
        }
        return switch (PodSizing.provision(spec, settings.overhead())) {
            case Provisioned.Fits _ -> new Verdict.Allowed(PodAdvice.of(spec));
            case Provisioned.TooLarge(String message) -> tooLarge(message, spec, profile);
            case Provisioned.TooMuchStorage(String message) -> tooLarge(message, spec, profile);
        };
    }

    private Verdict tooLarge(String message, PodSpec spec, Profile profile) {
        return new Verdict.Denied(
                FORBIDDEN,
                "Forbidden",
                "Pod not supported on Fargate: "
                        + message
                        + ". Remedy: lower "
                        + String.join(" or ", PodSizing.demanding(spec, settings.overhead()))
                        + ", or annotate the pod with eks.amazonaws.com/compute-type: ec2 to keep it"
                        + " off profile "
                        + profile.name()
                        + ".");
    }

    /// A claim may be created and bound after its pod; only what is bound already can be wrong.
    private static ClaimState decided(ClaimState state) {
        return switch (state) {
            case ClaimState.Missing(), ClaimState.Unbound() -> new ClaimState.Unknown();
            case ClaimState.Unknown _,
                    ClaimState.Mountable _,
                    ClaimState.ForeignDriver _,
                    ClaimState.ForeignType _ ->
                    state;
        };
    }
}
