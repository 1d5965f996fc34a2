package dev.monopod.host.guest;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class BudgetTest {
    private Instant now = Instant.parse("2026-11-28T12:00:00Z");
    private final Budget budget = new Budget(3, Duration.ofSeconds(10), () -> now);

    private int taken(int asked) {
        var taken = 0;
        for (var i = 0; i < asked; i++) {
            taken += budget.take() ? 1 : 0;
        }
        return taken;
    }

    @Test
    void allowsTheBurstAndThenOneInEachInterval() {
        assertThat(taken(100)).isEqualTo(3);

        now = now.plusSeconds(9);
        assertThat(taken(100)).isZero();

        now = now.plusSeconds(1);
        assertThat(taken(100)).isEqualTo(1);
    }

    @Test
    void countsTheRefusedOnce() {
        taken(100);

        assertThat(budget.refused()).isEqualTo(97);
        assertThat(budget.refused()).isZero();
    }

    @Test
    void savesNoMoreThanTheBurst() {
        taken(3);

        now = now.plus(Duration.ofDays(365));
        assertThat(taken(100)).isEqualTo(3);
    }
}
