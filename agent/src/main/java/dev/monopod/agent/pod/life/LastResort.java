package dev.monopod.agent.pod.life;

import dev.monopod.model.time.Moment;
import java.time.Duration;
import java.time.Instant;

/// The end of a pod that [PodMachine] could not judge: its machine is switched off, the pod fails
/// with a reason of its own, and a deletion still removes it. Uses nothing of what may have failed.
/// Pure.
public final class LastResort {
    public static final String REASON = "PodWorkerFailed";

    private LastResort() {}

    /// @param input that could not be judged
    /// @param message why
    public static PodMachine.Step step(PodState state, PodInput input, String message, Moment now) {
        var draft = new PodDraft(deleted(state, input, now.steady()), now);
        switch (state.stage()) {
            case STARTING, READY -> {
                draft.fail(REASON, message, Duration.ZERO);
                draft.change(
                        ForcedEnd.of(draft.state(), message, now.wall())
                                .withStage(PodState.Stage.POWERING_OFF));
                draft.effect(new PodEffect.PowerOff());
            }
            case POWERING_OFF -> {
                if (input instanceof PodInput.MachineOff) {
                    draft.change(draft.state().withStage(PodState.Stage.OFF));
                    removeIfDeleted(draft);
                }
            }
            case OFF -> removeIfDeleted(draft);
            case REMOVED -> {}
        }
        return new PodMachine.Step(draft.state(), draft.effects());
    }

    /// Whether this is how the pod ended: its containers may run on, and their logs have no end.
    public static boolean taken(PodState state) {
        return state.failure().filter(why -> why.reason().equals(REASON)).isPresent();
    }

    private static PodState deleted(PodState state, PodInput input, Instant now) {
        return switch (input) {
            case PodInput.Deletion(Duration grace) when state.deletion().isEmpty() ->
                    state.withDeletion(now.plus(grace));
            case PodInput.ObjectGone() -> state.withObjectGone().withDeletion(now);
            default -> state;
        };
    }

    private static void removeIfDeleted(PodDraft draft) {
        if (draft.state().deletion().isPresent()) {
            draft.change(draft.state().withStage(PodState.Stage.REMOVED));
            draft.effect(new PodEffect.Remove());
        }
    }
}
