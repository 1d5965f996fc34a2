package dev.monopod.agent.pod.scope;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.monopod.host.guest.GuestChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class MachineHandleTest {
    private final MachineHandle handle = new MachineHandle("web", 1 << 20);

    @Test
    void waitsForAGuestThatIsReachedSoon() throws Exception {
        try (var transport = new GuestChannel.Transport();
                var channel = new GuestChannel(Path.of("/nowhere.sock"), transport)) {
            var found = new AtomicReference<GuestChannel>();
            var asks =
                    Thread.ofVirtual()
                            .start(() -> {
                                try {
                                    found.set(handle.awaitGuest(Duration.ofSeconds(50)));
                                } catch (InterruptedException e) {
                                    Thread.currentThread().interrupt();
                                }
                            });

            handle.opened(channel);
            asks.join();

            assertThat(found.get()).isSameAs(channel);
            assertThat(handle.awaitGuest(Duration.ZERO)).isSameAs(channel);
        }
    }

    @Test
    void saysThatTheMachineIsNotUpWhenNobodyReachesItInTime() {
        assertThatThrownBy(() -> handle.awaitGuest(Duration.ofMillis(5)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("machine is not up: web");
    }
}
