package dev.monopod.agent.pod.log;

import com.google.protobuf.ByteString;
import dev.monopod.agent.kubelet.KubeletPods.LogOptions;
import dev.monopod.agent.kubelet.KubeletPods.LogStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;

/// What a fuzzer that looks at coverage tries of the log that a guest sends: whatever the pieces
/// are, they are kept or refused, what is kept is no more than was sent, and it can be read.
public final class LogsFuzz {
    private static final Path FOLDER = folder();

    private LogsFuzz() {}

    /// Writes inputs to begin with into the folder that the environment names.
    public static void fuzzerInitialize() {
        var folder = System.getenv("MONOPOD_FUZZ_SEEDS");
        if (folder == null) {
            return;
        }
        try {
            Files.write(Path.of(folder, "seed"), seed());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// @param input `OPTIONS TAIL LIMIT` and pieces `LENGTH OFFSET DATA` of 1, 8 and LENGTH bytes
    public static void fuzzerTestOneInput(byte[] input) {
        if (input.length < 3) {
            return;
        }
        try {
            var sent = write(ByteBuffer.wrap(input, 3, input.length - 3));
            long kept = 0;
            try (var files = Files.list(FOLDER)) {
                for (var file : files.toList()) {
                    kept += file.toString().endsWith(".base") ? 0 : Files.size(file);
                }
            }
            if (kept > sent) {
                throw new AssertionError("%d bytes sent and %d kept".formatted(sent, kept));
            }
            read(input);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static long write(ByteBuffer pieces) throws IOException {
        clear();
        var sent = 0L;
        try (var log = LogFile.open(FOLDER, 1)) {
            while (pieces.remaining() >= 9) {
                var length = Byte.toUnsignedInt(pieces.get());
                var data = new byte[Math.min(length, pieces.remaining() - 8)];
                var offset = pieces.getLong();
                pieces.get(data);
                sent += data.length;
                try {
                    log.append(offset, ByteString.copyFrom(data));
                } catch (IOException refused) {
                    if (!String.valueOf(refused.getMessage()).contains("the guest sent")) {
                        throw refused;
                    }
                }
                if (log.offset() < 0) {
                    throw new AssertionError("the log goes on at " + log.offset());
                }
            }
        }
        return sent;
    }

    private static void read(byte[] input) throws IOException, InterruptedException {
        var sink = new ByteArrayOutputStream();
        var limit = input[2] < 0 ? -1 : input[2] * 8L;
        var options =
                new LogOptions(
                        false,
                        false,
                        (input[0] & 1) != 0,
                        input[1] < 0 ? -1 : input[1],
                        limit,
                        (input[0] & 2) == 0 ? Optional.empty() : Optional.of(Instant.EPOCH),
                        LogStream.values()[Byte.toUnsignedInt(input[0]) / 4 % 3]);
        new LogReader(FOLDER, 1, options, sink).run(() -> true);
        if (limit >= 0 && sink.size() > limit) {
            throw new AssertionError("%d bytes, at most %d wanted".formatted(sink.size(), limit));
        }
        var last = LogReader.lastLines(LogFile.current(FOLDER, 1), 3, 64);
        if (last.length() > 64) {
            throw new AssertionError("last lines: " + last);
        }
    }

    static byte[] seed() {
        var lines =
                """
                2026-01-01T00:00:00.000000000Z stdout F one
                2026-01-01T00:00:01.000000000Z stderr P two
                """
                        .getBytes(StandardCharsets.US_ASCII);
        var seed = ByteBuffer.allocate(3 + 2 * (9 + lines.length));
        seed.put(new byte[] {3, 2, -1});
        for (var offset : new long[] {0, lines.length / 2}) {
            seed.put((byte) lines.length).putLong(offset).put(lines);
        }
        return Arrays.copyOf(seed.array(), seed.position());
    }

    private static void clear() throws IOException {
        try (var files = Files.list(FOLDER)) {
            for (var file : files.toList()) {
                Files.delete(file);
            }
        }
    }

    /// In memory, where the environment says so.
    private static Path folder() {
        try {
            var memory = System.getenv("MONOPOD_FUZZ_MEMORY");
            return memory == null
                    ? Files.createTempDirectory("monopod-logs-fuzz")
                    : Files.createDirectories(Path.of(memory));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
