package dev.monopod.host.program;

import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Writes what a program reads, on a thread of its own. Tells apart a source that fails, which is
/// told, from a program that reads no more, whose exit code says all.
final class InputWriter {
    private final Program.Input input;
    private final Pipe pipe;
    private final Runnable whenSourceFails;
    private final Thread thread;
    private volatile @Nullable IOException failure;

    /// @param whenSourceFails ends the program
    InputWriter(String name, Program.Input input, OutputStream out, Runnable whenSourceFails) {
        this.input = input;
        this.pipe = new Pipe(out);
        this.whenSourceFails = whenSourceFails;
        this.thread = Thread.ofPlatform().daemon().name(name).start(this::write);
    }

    /// Waits for the source to end; not for longer than this. One that goes on is interrupted.
    void awaitEnd(Duration patience) throws InterruptedException {
        if (!patience.isPositive() || !thread.join(patience)) {
            thread.interrupt();
        }
    }

    void interrupt() {
        thread.interrupt();
    }

    Optional<IOException> failure() {
        return Optional.ofNullable(failure);
    }

    private void write() {
        try (pipe) {
            input.writeTo(pipe);
            pipe.flush();
        } catch (IOException e) {
            fail(e);
        } catch (RuntimeException | Error e) {
            // Also an error: the program would take its input for whole.
            fail(new IOException(e));
        }
    }

    private void fail(IOException e) {
        if (!pipe.broken) {
            failure = e;
            whenSourceFails.run();
        }
    }

    private static final class Pipe extends OutputStream {
        private final OutputStream out;
        private boolean broken;

        Pipe(OutputStream out) {
            this.out = out;
        }

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int from, int count) throws IOException {
            try {
                out.write(bytes, from, count);
            } catch (IOException e) {
                broken = true;
                throw e;
            }
        }

        @Override
        public void flush() throws IOException {
            try {
                out.flush();
            } catch (IOException e) {
                broken = true;
                throw e;
            }
        }

        @Override
        public void close() throws IOException {
            try {
                out.close();
            } catch (IOException e) {
                broken = true;
                throw e;
            }
        }
    }
}
