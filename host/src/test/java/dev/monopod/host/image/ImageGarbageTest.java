package dev.monopod.host.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.monopod.host.image.ImageRecords.Stored;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ImageGarbageTest {
    private static final Instant NOW = Instant.parse("2026-11-24T00:00:00Z");
    private final ImageGarbage rules = new ImageGarbage(85, 80, Duration.ofMinutes(2));

    private static Stored image(String digest, long bytes, long unusedMinutes) {
        return new Stored(
                digest, List.of(), bytes, true, NOW.minus(Duration.ofMinutes(unusedMinutes)));
    }

    private List<String> chosen(long usable, Set<String> inUse, Stored... images) {
        return rules.chosen(new Room.Space(1000, usable), List.of(images), inUse, NOW).stream()
                .map(Stored::digest)
                .toList();
    }

    @Test
    void leavesAllBelowTheHighThreshold() {
        assertThat(chosen(151, Set.of(), image("a", 500, 60))).isEmpty();
    }

    @Test
    void removesTheLongestUnusedDownToTheLowThreshold() {
        var images = new Stored[] {image("a", 60, 10), image("b", 60, 30), image("c", 60, 20)};

        assertThat(chosen(150, Set.of(), images)).containsExactly("b");
        assertThat(chosen(100, Set.of(), images)).containsExactly("b", "c");
        assertThat(chosen(0, Set.of(), images)).containsExactly("b", "c", "a");
    }

    @Test
    void leavesWhatIsInUseOrYoung() {
        assertThat(chosen(0, Set.of("a"), image("a", 60, 60), image("b", 60, 1), image("c", 60, 2)))
                .containsExactly("c");
    }

    @Test
    void removesWhatWasNeverWholeThoughTheDiskHasRoom() {
        var abandoned = new Stored("a", List.of(), 0, false, NOW.minus(Duration.ofMinutes(61)));
        var young = new Stored("b", List.of(), 0, false, NOW.minus(Duration.ofMinutes(59)));

        assertThat(chosen(900, Set.of(), abandoned, young, image("c", 60, 600)))
                .containsExactly("a");
        assertThat(chosen(900, Set.of("a"), abandoned)).isEmpty();
    }

    @Test
    void refusesThresholdsTheWrongWayRound() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new ImageGarbage(70, 80, Duration.ZERO))
                .withMessageContaining("70");
    }
}
