package dev.monopod.controller.machine;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Toleration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class LastingTolerationsTest {
    private static final String NOT_READY = "node.kubernetes.io/not-ready";
    private static final String UNREACHABLE = "node.kubernetes.io/unreachable";

    /// Upstream's admission gives every pod the first two.
    @Test
    void takesTheEndFromTolerationsOfASilentNodeAndChangesNothingElse() {
        var present =
                List.of(
                        of(NOT_READY, "NoExecute", 300L),
                        of(UNREACHABLE, "NoExecute", 300L),
                        of("example.com/other", "NoExecute", 7L));

        assertThat(LastingTolerations.of(present))
                .contains(
                        List.of(
                                of(NOT_READY, "NoExecute", null),
                                of(UNREACHABLE, "NoExecute", null),
                                of("example.com/other", "NoExecute", 7L)));
    }

    @Test
    void addsWhatIsMissing() {
        assertThat(LastingTolerations.of(List.of(of(NOT_READY, "NoSchedule", null))))
                .contains(
                        List.of(
                                of(NOT_READY, "NoSchedule", null),
                                of(NOT_READY, "NoExecute", null),
                                of(UNREACHABLE, "NoExecute", null)));
    }

    @Test
    void leavesAPodAloneThatToleratesEverything() {
        assertThat(LastingTolerations.of(List.of(of(null, null, null)))).isEmpty();
    }

    private static Toleration of(
            @Nullable String key, @Nullable String effect, @Nullable Long seconds) {
        return new Toleration(effect, key, "Exists", seconds, null);
    }
}
