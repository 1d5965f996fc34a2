package dev.monopod.host.image;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class KeyedLocksTest {
    private final KeyedLocks locks = new KeyedLocks();

    @Test
    void keepsNothingOfALockThatNobodyHas() throws Exception {
        for (var i = 0; i < 1000; i++) {
            locks.lock("key " + i).close();
        }

        assertThat(locks.size()).isZero();
    }

    @Test
    void doesNothingWhileAnotherThreadHasTheLock() throws Exception {
        try (var _ = locks.lock("a")) {
            var other =
                    Thread.ofVirtual()
                            .start(() -> {
                                try {
                                    assertThat(locks.ifFree("b", () -> {})).isTrue();
                                    done = locks.ifFree("a", () -> {});
                                } catch (java.io.IOException e) {
                                    throw new AssertionError(e);
                                }
                            });
            other.join();
            assertThat(done).isFalse();
        }
        assertThat(locks.ifFree("a", () -> {})).isTrue();
        assertThat(locks.size()).isZero();
    }

    private volatile boolean done = true;
}
