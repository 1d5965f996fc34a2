package dev.monopod.agent.pod.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogFileTest {
    /// Ends within a line, as the guest's chunks do.
    private static final ByteString CHUNK =
            ByteString.copyFromUtf8(
                    ("2026-11-24T00:00:01Z stdout F " + "x".repeat(1000) + "\n").repeat(64)
                            + "2026");

    @TempDir private Path directory;

    @Test
    void skipsWhatIsHereAlready() throws Exception {
        try (LogFile file = LogFile.open(directory, 2)) {
            file.append(0, ByteString.copyFromUtf8("one\ntw"));
            file.append(4, ByteString.copyFromUtf8("two\n"));
            file.append(0, ByteString.copyFromUtf8("one\n"));
        }

        assertThat(Files.readString(LogFile.current(directory, 2))).isEqualTo("one\ntwo\n");
    }

    @Test
    void refusesOffsetsWhoseSumsWouldNotFit() throws Exception {
        try (LogFile file = LogFile.open(directory, 2)) {
            for (long at : new long[] {-1, Long.MIN_VALUE, Long.MAX_VALUE}) {
                assertThatThrownBy(() -> file.append(at, ByteString.copyFromUtf8("x\n")))
                        .hasMessageContaining("the highest is");
            }
            assertThat(file.offset()).isZero();
        }
    }

    @Test
    void keepsFiveFilesOfTenMebibytesEachEndingWithALine() throws Exception {
        fill(0, 80L << 20);

        List<Path> rotated = LogFile.rotated(directory, 0);
        assertThat(rotated).hasSize(LogFile.FILES - 1);
        for (Path file : rotated) {
            byte[] content = Files.readAllBytes(file);
            assertThat(content.length)
                    .isLessThanOrEqualTo((int) LogFile.ROTATE_BYTES + CHUNK.size());
            assertThat(content[content.length - 1]).isEqualTo((byte) '\n');
        }
        try (Stream<Path> files = Files.list(directory)) {
            assertThat(files.mapToLong(file -> file.toFile().length()).sum()).isLessThan(51L << 20);
        }
    }

    @Test
    void outputWithoutLineEndsIsBoundedToo() throws Exception {
        fill(0, 200L << 20, ByteString.copyFrom(new byte[1 << 20]));

        try (Stream<Path> files = Files.list(directory)) {
            assertThat(files.mapToLong(file -> file.toFile().length()).sum())
                    .isLessThan(LogFile.FILES * (2 * LogFile.ROTATE_BYTES + (2L << 20)));
        }
    }

    private long fill(int attempt, long bytes) throws IOException {
        return fill(attempt, bytes, CHUNK);
    }

    private long fill(int attempt, long bytes, ByteString chunk) throws IOException {
        try (LogFile file = LogFile.open(directory, attempt)) {
            while (file.offset() < bytes) {
                file.append(file.offset(), chunk);
            }
            return file.offset();
        }
    }

    @Test
    void knowsWhereItEndsWhereverTheAgentWasKilled() throws Exception {
        long end = fill(0, 25L << 20);
        assertThat(reopened()).isEqualTo(end);

        // Killed between the rename and the note of it.
        Path current = LogFile.current(directory, 0);
        long base = end - Files.size(current);
        Files.move(current, LogFile.rotated(directory, 0, base));
        assertThat(reopened()).isEqualTo(end);
    }

    private long reopened() throws IOException {
        try (LogFile file = LogFile.open(directory, 0)) {
            return file.offset();
        }
    }

    @Test
    void aNewAttemptKeepsThePreviousOneOnly() throws Exception {
        for (int attempt = 0; attempt < 12; attempt++) {
            try (LogFile file = LogFile.open(directory, attempt)) {
                file.append(0, ByteString.copyFromUtf8(attempt + "\n"));
            }
        }

        try (Stream<Path> files = Files.list(directory)) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrder("10.log", "10.base", "11.log", "11.base");
        }
    }
}
