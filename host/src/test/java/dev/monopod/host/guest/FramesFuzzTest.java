package dev.monopod.host.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Timeout(60)
class FramesFuzzTest {
    @Test
    void aGuestThatSpeaksAsItShouldIsUnderstood() {
        var good = FramesFuzz.good();

        assertThat(FramesFuzz.call(good[0], FramesFuzz.frames(good))).hasSize(1);
    }

    static Stream<Integer> hostile() {
        return IntStream.range(1, FramesFuzz.seeds().size()).boxed();
    }

    /// Floods of settings, pings, resets, continuations and windows, read or not.
    @ParameterizedTest
    @MethodSource("hostile")
    void floodsOfFramesEndInARefusalWithinTimeAndMemory(int seed) {
        assertThatCode(() -> FramesFuzz.fuzzerTestOneInput(FramesFuzz.seeds().get(seed)))
                .doesNotThrowAnyException();
    }
}
