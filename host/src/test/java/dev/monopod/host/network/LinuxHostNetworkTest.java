package dev.monopod.host.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.monopod.host.network.HostNetwork.PodInterface;
import dev.monopod.host.program.Outcome;
import dev.monopod.host.program.Program;
import dev.monopod.host.program.ProgramRunner;
import dev.monopod.host.program.Running;
import dev.monopod.host.program.Text;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class LinuxHostNetworkTest {
    private static final PodInterface HUNG =
            new PodInterface("hung", "default", "10.0.0.5", "10.0.0.1", "02:00:0a:00:00:05");
    private static final PodInterface OTHER =
            new PodInterface("other", "default", "10.0.0.6", "10.0.0.1", "02:00:0a:00:00:06");

    private final HangingPrograms programs = new HangingPrograms(LinkNames.tap("hung"));
    private final LinuxHostNetwork network =
            new LinuxHostNetwork(Path.of("/nowhere"), 1450, new HostCommand(programs));

    @Test
    void attachesOtherPodsWhileAProgramHangsForOne() throws Exception {
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var hung = threads.submit(() -> network.attach(HUNG));
            programs.hangs.await();

            var attachment = threads.submit(() -> network.attach(OTHER)).get(5, TimeUnit.SECONDS);

            assertThat(attachment.tapName()).isEqualTo(LinkNames.tap("other"));
            assertThat(hung.isDone()).isFalse();
            programs.limit.countDown();
            assertThatThrownBy(() -> hung.get(5, TimeUnit.SECONDS))
                    .hasCauseInstanceOf(NetworkException.class)
                    .hasMessageContaining("did not end within 20000 ms and was killed");
        }
    }

    /// Every program succeeds at once and says nothing, but one whose input names the tap: that
    /// hangs until its limit is over.
    private static final class HangingPrograms implements ProgramRunner {
        private final CountDownLatch hangs = new CountDownLatch(1);
        private final CountDownLatch limit = new CountDownLatch(1);
        private final String tap;

        HangingPrograms(String tap) {
            this.tap = tap;
        }

        @Override
        public Outcome run(Program program) {
            var input = new ByteArrayOutputStream();
            try {
                program.input().writeTo(input);
                if (input.toString().contains(tap)) {
                    hangs.countDown();
                    limit.await();
                    return new Outcome.TooLate(Text.EMPTY, Text.EMPTY);
                }
                return new Outcome.Ended(0, Text.EMPTY, Text.EMPTY);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return new Outcome.Interrupted();
            }
        }

        @Override
        public Running start(Program program, Path log) {
            throw new UnsupportedOperationException("the network starts nothing that stays");
        }
    }
}
