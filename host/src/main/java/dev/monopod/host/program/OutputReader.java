package dev.monopod.host.program;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/// Reads one output of a program to its end, and keeps the beginning. On a platform thread: a read
/// from a pipe blocks its thread, for as long as anybody holds the pipe.
final class OutputReader {
    private static final int CHUNK = 1 << 14;

    private final InputStream in;
    private final int most;
    private final ByteArrayOutputStream kept = new ByteArrayOutputStream();
    private final Thread thread;
    private long dropped;

    OutputReader(String name, InputStream in, int most) {
        this.in = in;
        this.most = most;
        this.thread = Thread.ofPlatform().daemon().name(name).start(this::read);
    }

    /// What has been read so far.
    synchronized Text text() {
        return new Text(kept.toString(StandardCharsets.UTF_8), dropped);
    }

    /// Waits until nobody can write any more; not for longer than this.
    void awaitEnd(Duration patience) throws InterruptedException {
        if (patience.isPositive()) {
            thread.join(patience);
        }
    }

    private void read() {
        var chunk = new byte[CHUNK];
        try {
            for (var count = in.read(chunk); count >= 0; count = in.read(chunk)) {
                keep(chunk, count);
            }
        } catch (IOException closed) {
            // The process has ended, and Java has closed its end of the pipe.
            return;
        }
    }

    private synchronized void keep(byte[] chunk, int count) {
        var room = Math.min(count, most - kept.size());
        kept.write(chunk, 0, room);
        dropped += count - room;
    }
}
