package dev.monopod.kube.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

final class ConditionStateTest {
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00.5Z");

    @Test
    void keepsTheTimeOfItsLastTransitionWhileItsStatusStays() {
        var before = new ConditionState("Ready", true, "A", "a").condition(List.of(), NOW);

        var same =
                new ConditionState("Ready", true, "B", "b")
                        .condition(List.of(before), NOW.plusSeconds(60));
        var other =
                new ConditionState("Ready", false, "B", "b")
                        .condition(List.of(before), NOW.plusSeconds(60));

        assertThat(before.getLastTransitionTime()).isEqualTo("2026-01-01T00:00:00Z");
        assertThat(same.getLastTransitionTime()).isEqualTo("2026-01-01T00:00:00Z");
        assertThat(other.getLastTransitionTime()).isEqualTo("2026-01-01T00:01:00Z");
    }

    @Test
    void leavesOutOfPodsWhatIsEmpty() {
        var condition = new ConditionState("Ready", true, "", "").podCondition(List.of(), NOW);

        assertThat(condition.getReason()).isNull();
        assertThat(condition.getMessage()).isNull();
        assertThat(new ConditionState("Ready", true, "", "").isToldBy(List.of(condition))).isTrue();
        assertThat(new ConditionState("Ready", true, "A", "").isToldBy(List.of(condition)))
                .isFalse();
    }
}
