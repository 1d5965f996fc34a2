package dev.monopod.host.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class KeyedLocksTest {
    private final KeyedLocks locks = new KeyedLocks();

    @Test
    void letsOthersHaveOtherNames() throws InterruptedException {
        try (var _ = locks.take(List.of("a"));
                var _ = locks.take(List.of("b", "c"))) {
            assertThat(locks.take(List.of("d"))).isNotNull();
        }
    }

    @Test
    void waitsUntilAllNamesAreFreeAndHoldsNoneMeanwhile() throws InterruptedException {
        var held = locks.take(List.of("a"));
        var both = new AtomicBoolean();
        var waiting =
                Thread.ofVirtual()
                        .start(() -> {
                            try (var _ = locks.take(List.of("a", "b"))) {
                                both.set(true);
                            } catch (InterruptedException e) {
                                Thread.currentThread().interrupt();
                            }
                        });
        await().until(() -> waiting.getState() == Thread.State.WAITING);

        locks.take(List.of("b")).close();
        assertThat(both).isFalse();
        held.close();
        waiting.join();

        assertThat(both).isTrue();
    }
}
