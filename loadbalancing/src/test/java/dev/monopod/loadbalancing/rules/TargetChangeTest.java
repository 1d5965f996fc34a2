package dev.monopod.loadbalancing.rules;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.loadbalancing.rules.Target.State;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class TargetChangeTest {
    private static final Target OLD = new Target("10.0.0.1", 80, 1, State.READY);
    private static final Target NEW = new Target("10.0.0.2", 80, 1, State.READY);

    private static Target draining(Target target) {
        return new Target(target.address(), target.port(), target.weight(), State.DRAINING);
    }

    private static List<TargetChange> between(List<Target> running, List<Target> wanted) {
        return TargetChange.between(Map.of("b", running), Map.of("b", wanted));
    }

    @Test
    void addsBeforeItTakesAway() {
        assertThat(between(List.of(OLD), List.of(NEW)))
                .containsExactly(new TargetChange.Add("b", NEW), new TargetChange.Remove("b", OLD));
    }

    @Test
    void drainsAndResumes() {
        assertThat(between(List.of(OLD), List.of(draining(OLD))))
                .containsExactly(new TargetChange.Drain("b", draining(OLD)));
        assertThat(between(List.of(draining(OLD)), List.of(OLD)))
                .containsExactly(new TargetChange.Resume("b", OLD));
    }

    @Test
    void neverAddsATargetThatDrains() {
        assertThat(between(List.of(), List.of(draining(OLD)))).isEmpty();
    }

    @Test
    void doesNothingWhenNothingDiffers() {
        assertThat(between(List.of(OLD, draining(NEW)), List.of(draining(NEW), OLD))).isEmpty();
    }

    @Test
    void weighsAnew() {
        var heavy = new Target(OLD.address(), OLD.port(), 9, State.READY);
        assertThat(between(List.of(OLD), List.of(heavy)))
                .containsExactly(new TargetChange.Weigh("b", heavy));
    }
}
