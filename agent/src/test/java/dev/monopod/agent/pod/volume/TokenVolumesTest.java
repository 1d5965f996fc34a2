package dev.monopod.agent.pod.volume;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.monopod.agent.pod.api.ConfigSource.Token;
import dev.monopod.model.time.Clocks;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// Tokens of an hour, and an API server that is away.
final class TokenVolumesTest {
    private static final Duration LIFE = Duration.ofHours(1);
    private static final Pod POD =
            new PodBuilder()
                    .withNewMetadata()
                    .withNamespace("shop")
                    .withName("web")
                    .endMetadata()
                    .build();

    private final SteppedClock clock = new SteppedClock();
    private final FakeObjects api = new FakeObjects();
    private final TokenVolumes tokens =
            new TokenVolumes(api, Clocks.of(clock.withZone(ZoneOffset.UTC)));
    private int given;

    @Test
    void renewsATokenAfterFourFifthsOfItsLife() {
        answers();
        assertThat(token()).isEqualTo("token 1");

        clock.pass(Duration.ofMinutes(48));
        assertThat(token()).isEqualTo("token 1");
        clock.pass(Duration.ofSeconds(1));

        assertThat(token()).isEqualTo("token 2");
    }

    @Test
    void keepsTheOldTokenWhileTheApiServerIsAwayAndBringsTheNewOneWhenItIsBack() {
        answers();
        assertThat(token()).isEqualTo("token 1");
        isAway();

        clock.pass(Duration.ofMinutes(59));
        assertThat(token()).isEqualTo("token 1");
        answers();

        assertThat(token()).isEqualTo("token 2");
        clock.pass(Duration.ofMinutes(48));
        assertThat(token()).isEqualTo("token 2");
    }

    @Test
    void givesNoTokenThatHasExpired() {
        answers();
        assertThat(token()).isEqualTo("token 1");
        isAway();

        clock.pass(LIFE);

        assertThatThrownBy(this::token).hasMessage("away");
    }

    private String token() {
        return tokens.token(POD, "", LIFE.toSeconds());
    }

    private void answers() {
        api.tokens = Optional.of(() -> new Token("token " + ++given, clock.instant().plus(LIFE)));
    }

    private void isAway() {
        api.tokens =
                Optional.of(() -> {
                    throw new IllegalStateException("away");
                });
    }

    private static final class SteppedClock implements InstantSource {
        private Instant now = Instant.parse("2026-01-01T00:00:00Z");

        void pass(Duration time) {
            now = now.plus(time);
        }

        @Override
        public Instant instant() {
            return now;
        }
    }
}
