package dev.monopod.logging.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.logging.record.Expression;
import org.junit.jupiter.api.Test;

/// What a pod writes is anybody's: no text may hold an expression for long.
final class ExpressionTest {
    @Test
    void givesUpASearchThatWouldNotEnd() {
        var greedy = Expression.of("^(a|a|b|ab)*(\\1|c)+$");

        assertThat(greedy.find("ab".repeat(40) + "!")).isEmpty();
        assertThat(Thread.currentThread().isInterrupted()).isFalse();
    }

    @Test
    void knowsOptionsBetweenSlashes() {
        assertThat(Expression.of("/a.b/im").matches("A\nB")).isTrue();
        assertThat(Expression.of("/a/b").toString()).isEqualTo("/a/b");
    }
}
