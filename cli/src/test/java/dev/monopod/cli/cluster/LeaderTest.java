package dev.monopod.cli.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseBuilder;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class LeaderTest {
    private static final Instant NOW = Instant.parse("2026-11-30T00:00:00Z");

    @Test
    void isTheMachineWhoseControllerRenewsTheLease() {
        assertThat(Leader.of(lease("one_4711", Duration.ofSeconds(2)), NOW)).contains("one");
        assertThat(Leader.of(lease("a_b_4711", Duration.ofSeconds(2)), NOW)).contains("a_b");
        assertThat(Leader.of(lease("deployed-pod", Duration.ZERO), NOW)).contains("deployed-pod");
    }

    @Test
    void isBelievedThoughItsClockIsTenSecondsOff() {
        assertThat(Leader.of(lease("one_1", Duration.ofSeconds(25)), NOW)).contains("one");
        assertThat(Leader.of(lease("one_1", Duration.ofSeconds(-10)), NOW)).contains("one");
    }

    @Test
    void isNobodyOnceTheLeaseWasGivenBackOrHasEnded() {
        assertThat(Leader.of(lease(null, Duration.ZERO), NOW)).isEmpty();
        assertThat(Leader.of(lease("", Duration.ZERO), NOW)).isEmpty();
        assertThat(Leader.of(lease("one_1", Duration.ofSeconds(26)), NOW)).isEmpty();
        assertThat(Leader.of(new LeaseBuilder().withNewSpec().endSpec().build(), NOW)).isEmpty();
    }

    private static Lease lease(@Nullable String holder, Duration ago) {
        return new LeaseBuilder()
                .withNewSpec()
                .withHolderIdentity(holder)
                .withRenewTime(NOW.minus(ago).atZone(ZoneOffset.UTC))
                .endSpec()
                .build();
    }
}
