package dev.monopod.agent.pod.log;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.monopod.agent.kubelet.KubeletPods.LogOptions;
import dev.monopod.agent.kubelet.KubeletPods.LogStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogReaderTest {
    private static final LogOptions ALL =
            new LogOptions(false, false, false, -1, -1, Optional.empty());
    @TempDir Path directory;

    @BeforeEach
    void write() throws Exception {
        append("2026-11-24T00:00:01.5Z stdout F one\n2026-11-24T00:00:02Z stderr P tw\n");
        append("2026-11-24T00:00:02Z stderr F o\n2026-11-24T00:00:03Z stdout F three\n");
    }

    private void append(String text) throws Exception {
        try (LogFile file = LogFile.open(directory, 0)) {
            file.append(file.offset(), ByteString.copyFromUtf8(text));
        }
    }

    private String read(LogOptions options) throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        new LogReader(directory, 0, options, out).run(() -> true);
        return out.toString(StandardCharsets.UTF_8);
    }

    @Test
    void readsAll() throws Exception {
        assertThat(read(ALL)).isEqualTo("one\ntwo\nthree\n");
    }

    @Test
    void readsTheTail() throws Exception {
        assertThat(read(new LogOptions(false, false, false, 2, -1, Optional.empty())))
                .isEqualTo("two\nthree\n");
        assertThat(read(new LogOptions(false, false, false, 0, -1, Optional.empty()))).isEmpty();
    }

    @Test
    void readsAnUnfinishedLastLineAsItWasWritten() throws Exception {
        append("2026-11-24T00:00:04Z stdout P four\n");
        assertThat(read(ALL)).isEqualTo("one\ntwo\nthree\nfour");
        assertThat(read(new LogOptions(false, false, false, 2, -1, Optional.empty())))
                .isEqualTo("three\nfour");
    }

    @Test
    void readsSinceWithTimestampsUpToALimit() throws Exception {
        assertThat(
                        read(
                                new LogOptions(
                                        false,
                                        false,
                                        true,
                                        -1,
                                        -1,
                                        Optional.of(Instant.parse("2026-11-24T00:00:03Z")))))
                .isEqualTo("2026-11-24T00:00:03Z three\n");
        assertThat(read(new LogOptions(false, false, false, -1, 5, Optional.empty())))
                .isEqualTo("one\nt");
    }

    @Test
    void followsAcrossRotation() throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        AtomicInteger rounds = new AtomicInteger();
        new LogReader(
                        directory,
                        0,
                        new LogOptions(true, false, false, 1, -1, Optional.empty()),
                        out)
                .run(() -> {
                    try {
                        int round = rounds.incrementAndGet();
                        if (round == 1) {
                            append("2026-11-24T00:00:04Z stdout F four\n");
                            turn("five");
                            turn("six");
                        }
                        return round == 2;
                    } catch (Exception e) {
                        throw new IllegalStateException(e);
                    }
                });
        assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo("three\nfour\nfive\nsix\n");
    }

    /// Gives the current file another name, and begins a new one with a line.
    private void turn(String line) throws Exception {
        Files.move(
                LogFile.current(directory, 0),
                LogFile.rotated(directory, 0, LogFile.rotated(directory, 0).size()));
        Files.writeString(
                LogFile.current(directory, 0), "2026-11-24T00:00:05Z stdout F " + line + "\n");
    }

    @Test
    void readsOneOfTheStreams() throws Exception {
        assertThat(
                        read(
                                new LogOptions(
                                        false,
                                        false,
                                        false,
                                        -1,
                                        -1,
                                        Optional.empty(),
                                        LogStream.STDERR)))
                .isEqualTo("two\n");
    }

    @Test
    void givesALineInPartsOneTimestamp() throws Exception {
        assertThat(read(new LogOptions(false, false, true, 2, -1, Optional.empty())))
                .isEqualTo("2026-11-24T00:00:02Z two\n2026-11-24T00:00:03Z three\n");
    }

    @Test
    void losesAndRepeatsNothingWhileTheWriterRotates() throws Exception {
        Path other = directory.resolve("busy");
        AtomicBoolean over = new AtomicBoolean();
        int lines = 120_000;
        Thread writer =
                Thread.ofPlatform()
                        .start(() -> {
                            try (LogFile file = LogFile.open(other, 0)) {
                                StringBuilder chunk = new StringBuilder();
                                for (int i = 0; i < lines; i++) {
                                    chunk.append("2026-11-24T00:00:01Z stdout F ")
                                            .append(i)
                                            .append(" ".repeat(200))
                                            .append('\n');
                                    if (chunk.length() > 64 << 10 || i == lines - 1) {
                                        file.append(
                                                file.offset(),
                                                ByteString.copyFromUtf8(chunk.toString()));
                                        chunk.setLength(0);
                                    }
                                }
                            } catch (Exception e) {
                                throw new IllegalStateException(e);
                            } finally {
                                over.set(true);
                            }
                        });
        ByteArrayOutputStream out = new ByteArrayOutputStream();

        new LogReader(other, 0, new LogOptions(true, false, false, -1, -1, Optional.empty()), out)
                .run(over::get);

        writer.join();
        List<Integer> seen =
                out.toString(StandardCharsets.UTF_8)
                        .lines()
                        .map(line -> Integer.valueOf(line.strip()))
                        .toList();
        assertThat(LogFile.rotated(other, 0)).hasSizeGreaterThan(1);
        assertThat(seen).isEqualTo(IntStream.range(0, lines).boxed().toList());
    }
}
