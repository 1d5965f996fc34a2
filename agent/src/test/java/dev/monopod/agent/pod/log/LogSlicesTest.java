package dev.monopod.agent.pod.log;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Lines by their place, with the writer that agents have.
final class LogSlicesTest {
    private static final LogSlices.Bounds BOUNDS = new LogSlices.Bounds(256 << 10, 1000);
    private static final int LINES = 25_000;

    @TempDir Path directory;

    @Test
    void givesEachLineOnceWhileItsWriterRotates() throws Exception {
        try (var threads = Executors.newVirtualThreadPerTaskExecutor();
                var log = LogFile.open(directory, 0)) {
            Future<?> writer = threads.submit(() -> write(log));
            var place = 0L;
            var next = 0;
            while (next < LINES) {
                var done = writer.isDone();
                var slice = LogSlices.read(directory, 0, place, BOUNDS, false);
                assertThat(slice.lost()).isZero();
                for (var line : slice.lines()) {
                    assertThat(line).startsWith("line %d ".formatted(next++));
                }
                place = slice.end();
                assertThat(done && slice.lines().isEmpty()).as("stands still").isFalse();
            }
            writer.get();
            assertThat(LogFile.rotated(directory, 0)).hasSizeGreaterThanOrEqualTo(2);
        }
    }

    private static Object write(LogFile log) throws IOException {
        for (var i = 0; i < LINES; i++) {
            log.append(
                    log.offset(),
                    ByteString.copyFromUtf8("line %d %s\n".formatted(i, "x".repeat(1000))));
        }
        return LINES;
    }

    @Test
    void givesNoLineThatIsNotWholeUnlessNothingMoreIsWritten() throws IOException {
        try (var log = LogFile.open(directory, 0)) {
            log.append(0, ByteString.copyFromUtf8("one\ntwo"));
        }

        assertThat(LogSlices.read(directory, 0, 0, BOUNDS, false).lines()).containsExactly("one");
        assertThat(LogSlices.read(directory, 0, 4, BOUNDS, false).lines()).isEmpty();
        assertThat(LogSlices.read(directory, 0, 4, BOUNDS, true).lines()).containsExactly("two");
        assertThat(LogSlices.attempts(directory)).containsExactly(0);
    }
}
