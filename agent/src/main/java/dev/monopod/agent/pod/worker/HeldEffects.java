package dev.monopod.agent.pod.worker;

import dev.monopod.agent.pod.life.PodEffect;
import dev.monopod.agent.pod.life.PodState;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// What follows from a state waits until that is written down, lest the next life of the agent does
/// it again. Only what ends a pod that is being deleted does not wait: no harm comes of ending it
/// twice, and it makes room. Of the owner's thread.
final class HeldEffects {
    private final RecordKeeper records;
    private final Consumer<PodEffect> performer;
    private final List<PodEffect> held = new ArrayList<>();

    HeldEffects(RecordKeeper records, Consumer<PodEffect> performer) {
        this.records = records;
        this.performer = performer;
    }

    /// @param effects that follow from the state, which is written down or will be
    void follow(PodState state, List<PodEffect> effects) {
        held.addAll(effects);
        var written = records.written();
        var deleted = state.deletion().isPresent();
        var due = held.stream().filter(one -> written || deleted && one.ends()).toList();
        held.removeAll(due);
        due.forEach(performer);
    }
}
