package dev.monopod.controller.admission;

import dev.monopod.kube.mapping.PodShapes;
import dev.monopod.model.support.PodShape.ClaimState;
import dev.monopod.model.support.Refusals;

/// Judges debuggers that come to a pod by where the pod runs, and by nothing that the pod says: the
/// API server asks about the pods of Fargate nodes. Source: row F10.
public final class EphemeralContainerValidation implements Webhook {
    private static final int FORBIDDEN = 403;

    @Override
    public Verdict judge(Review review) {
        var refusals =
                Refusals.check(
                        PodShapes.of(
                                PodFacts.spec(review.object()), _ -> new ClaimState.Unknown()));
        return refusals.isEmpty()
                ? Verdict.Allowed.SILENTLY
                : new Verdict.Denied(FORBIDDEN, "Forbidden", Refusals.explanation(refusals));
    }
}
