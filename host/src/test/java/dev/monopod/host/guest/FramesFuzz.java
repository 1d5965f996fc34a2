package dev.monopod.host.guest;

import com.sun.management.ThreadMXBean;
import dev.monopod.protocol.guest.ListContainersRequest;
import dev.monopod.protocol.guest.ListContainersResponse;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.netty.util.internal.PlatformDependent;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// What a fuzzer that looks at coverage tries of the HTTP/2 that the host reads from a guest: a
/// real channel over a unix socket, and a guest that answers one call with whatever frames the
/// input asks for. The call ends in time, in an answer or in a refusal, and the host takes no more
/// memory than the frames let it. The fuzzer knows the class and its two methods by their names.
public final class FramesFuzz {
    static final byte DATA = 0;
    static final byte HEADERS = 1;
    static final byte RST_STREAM = 3;
    static final byte SETTINGS = 4;
    static final byte PING = 6;
    static final byte GOAWAY = 7;
    static final byte WINDOW_UPDATE = 8;
    static final byte CONTINUATION = 9;

    /// Of the one call; gRPC's clients count from here.
    static final byte STREAM = 3;

    /// What the guest may do beside the frames, in the first byte of an input.
    static final byte SPEAKS_FIRST = 1;

    static final byte READS_NOTHING = 2;

    private static final byte LARGE = (byte) 0x80;
    private static final byte END_STREAM = 1;
    private static final byte END_HEADERS = 4;
    private static final int FRAME_HEADER = 9;

    /// What gRPC puts before a message: whether it is compressed, and its length.
    private static final int EMPTY_MESSAGE = 5;

    private static final int LARGEST_FRAME = 16 << 10;
    private static final int MOST_BYTES = 1 << 20;

    private static final Duration DEADLINE = Duration.ofSeconds(2);
    private static final long LATE_NANOS = TimeUnit.SECONDS.toNanos(10);

    /// All threads of the JVM count, those of other tests too.
    private static final long BYTES_ANYWAY = 64 << 20;

    private static final long BYTES_A_BYTE = 16;

    /// Of garbage: a frame that is refused makes an exception, and a fuzzer's hooks make more.
    private static final long BYTES_A_FRAME = 32 << 10;

    private static final long DIRECT_BYTES = 32 << 20;
    private static final int TRIES = 5;

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final GuestChannel.Transport TRANSPORT = new GuestChannel.Transport();

    private FramesFuzz() {}

    /// Writes inputs to begin with into the folder that the environment names. Makes a first call,
    /// as that loads classes for longer than an input may take on a busy machine.
    public static void fuzzerInitialize() {
        var good = good();
        call(good[0], frames(good));
        var folder = System.getenv("MONOPOD_FUZZ_SEEDS");
        if (folder == null) {
            return;
        }
        try {
            for (var seed : seeds()) {
                Files.write(Path.of(folder, "seed-" + Arrays.hashCode(seed)), seed);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// @param input `GUEST FRAME...`, a frame being `TYPE FLAGS STREAM TIMES LENGTH PAYLOAD`: how
    ///   often it is said, and of a type with the highest bit set as large as a frame may be
    public static void fuzzerTestOneInput(byte[] input) {
        if (input.length == 0) {
            return;
        }
        var frames = new Frames();
        frames.read(input);
        // Classes that are loaded meanwhile, and instrumented, take memory too, once; so may other
        // threads. What the frames make the host take, it takes each time.
        var excess = excess(input[0], frames);
        for (var again = 1; again < TRIES && excess > 0; again++) {
            excess = Math.min(excess, excess(input[0], frames));
        }
        if (excess > 0) {
            throw new AssertionError("took %d bytes of memory too many".formatted(excess));
        }
    }

    /// How much more memory the call took than its frames let it.
    private static long excess(byte manners, Frames frames) {
        var direct = PlatformDependent.usedDirectMemory();
        var before = THREADS.getTotalThreadAllocatedBytes();
        var begin = System.nanoTime();
        call(manners, frames.bytes.toByteArray());
        if (System.nanoTime() - begin > LATE_NANOS) {
            throw new AssertionError("the call did not end in time");
        }
        if (PlatformDependent.usedDirectMemory() - direct > DIRECT_BYTES) {
            throw new AssertionError(
                    "keeps %d bytes of direct memory"
                            .formatted(PlatformDependent.usedDirectMemory()));
        }
        return THREADS.getTotalThreadAllocatedBytes()
                - before
                - BYTES_ANYWAY
                - BYTES_A_BYTE * frames.bytes.size()
                - BYTES_A_FRAME * frames.count;
    }

    /// What becomes of a call that a guest answers so; empty if it is refused.
    static List<ListContainersResponse> call(byte manners, byte[] frames) {
        var folder = System.getenv("MONOPOD_FUZZ_MEMORY");
        try {
            var place =
                    folder == null
                            ? Files.createTempDirectory("frames")
                            : Files.createTempDirectory(Path.of(folder), "frames");
            var socket = place.resolve("guest");
            try (var server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
                server.bind(UnixDomainSocketAddress.of(socket));
                var guest = Thread.ofVirtual().start(() -> answer(server, manners, frames));
                try (var channel = new GuestChannel(socket, TRANSPORT)) {
                    return List.of(
                            channel.endless()
                                    .withDeadlineAfter(DEADLINE.toMillis(), TimeUnit.MILLISECONDS)
                                    .listContainers(ListContainersRequest.getDefaultInstance()));
                } catch (StatusRuntimeException refused) {
                    return List.of();
                } finally {
                    // It may wait for a host that never came.
                    guest.interrupt();
                    guest.join();
                }
            } finally {
                Files.deleteIfExists(socket);
                Files.delete(place);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new AssertionError("interrupted", e);
        }
    }

    private static void answer(ServerSocketChannel server, byte manners, byte[] frames) {
        try (var connection = server.accept()) {
            if ((manners & SPEAKS_FIRST) == 0) {
                greet(connection);
                awaitRequest(connection);
            }
            write(connection, frames);
            connection.shutdownOutput();
            if ((manners & READS_NOTHING) == 0) {
                var ignored = ByteBuffer.allocate(LARGEST_FRAME);
                while (connection.read(ignored.clear()) >= 0) {
                    // What the host says to that.
                }
            }
        } catch (IOException hostHungUp) {
            return;
        }
    }

    /// Takes the host's preface, and sends settings.
    static void greet(SocketChannel connection) throws IOException {
        write(connection, frame(SETTINGS, (byte) 0, 0, new byte[0]));
        read(connection, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".length());
    }

    static void write(SocketChannel connection, byte[] bytes) throws IOException {
        for (var all = ByteBuffer.wrap(bytes); all.hasRemaining(); ) {
            connection.write(all);
        }
    }

    /// Returns at the headers of the call.
    private static void awaitRequest(SocketChannel connection) throws IOException {
        Frame frame;
        do {
            frame = Frame.read(connection);
        } while (frame.type() != HEADERS);
    }

    /// What the host has sent, without its payload.
    record Frame(byte type, int stream) {
        static Frame read(SocketChannel connection) throws IOException {
            var header = FramesFuzz.read(connection, FRAME_HEADER);
            FramesFuzz.read(connection, header.getInt(0) >>> Byte.SIZE);
            return new Frame(header.get(3), header.getInt(5));
        }
    }

    private static ByteBuffer read(SocketChannel connection, int bytes) throws IOException {
        var buffer = ByteBuffer.allocate(bytes);
        while (buffer.hasRemaining()) {
            if (connection.read(buffer) < 0) {
                throw new IOException("the host hung up");
            }
        }
        return buffer;
    }

    static byte[] frame(byte type, byte flags, int stream, byte[] payload) {
        return ByteBuffer.allocate(FRAME_HEADER + payload.length)
                .putInt(payload.length << Byte.SIZE | type)
                .put(flags)
                .putInt(stream)
                .put(payload)
                .array();
    }

    /// The frames of an input.
    private static final class Frames {
        private static final int FRAME = 5;

        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        private int count;

        void read(byte[] input) {
            for (int at = 1; at + FRAME <= input.length; ) {
                var length = Byte.toUnsignedInt(input[at + 4]);
                var payload = Arrays.copyOfRange(input, at + FRAME, at + FRAME + length);
                say(input, at, payload);
                at += FRAME + length;
            }
        }

        private void say(byte[] input, int at, byte[] payload) {
            var large = (input[at] & LARGE) != 0;
            var frame =
                    frame(
                            (byte) (input[at] & ~LARGE),
                            input[at + 1],
                            (byte) (input[at + 2] & 0x7f),
                            large ? filled(payload) : payload);
            // 255 times 64.
            var times = 1 + Byte.toUnsignedInt(input[at + 3]) * 64;
            for (int i = 0; i < times && bytes.size() + frame.length <= MOST_BYTES; i++) {
                bytes.writeBytes(frame);
                count++;
            }
        }

        private static byte[] filled(byte[] payload) {
            var all = new byte[LARGEST_FRAME];
            for (int i = 0; i < all.length && payload.length > 0; i++) {
                all[i] = payload[i % payload.length];
            }
            return all;
        }
    }

    // ---- what the fuzzer begins with ----

    static List<byte[]> seeds() {
        return List.of(
                good(),
                seed(0, part(SETTINGS, 0, 0, 255, 0, 3, 0, 0, 0, 100)),
                seed(READS_NOTHING, part(SETTINGS, 0, 0, 255)),
                seed(
                        0,
                        part(SETTINGS, 0, 0, 0, 0, 4, 0, 0, 0, 0),
                        part(WINDOW_UPDATE, 0, 0, 255, 0, 0, 0, 1)),
                seed(READS_NOTHING, part(PING, 0, 0, 255, 1, 2, 3, 4, 5, 6, 7, 8)),
                seed(0, part(GOAWAY, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)),
                seed(0, part(RST_STREAM, 0, STREAM, 255, 0, 0, 0, 8)),
                seed(
                        0,
                        part(HEADERS | LARGE, 0, STREAM, 0, 0x88),
                        part(CONTINUATION | LARGE, 0, STREAM, 255, 0x88)),
                seed(0, part(HEADERS, 0, STREAM, 0, 0x88), part(CONTINUATION, 0, STREAM, 255)),
                seed(0, part(HEADERS, END_HEADERS, STREAM, 255, 0x88)),
                seed(0, part(DATA, 0, STREAM, 255)),
                seed(SPEAKS_FIRST, part(HEADERS, END_HEADERS, STREAM, 0, 0x88)));
    }

    /// A guest as it should be: no containers.
    static byte[] good() {
        return seed(
                0,
                part(HEADERS, END_HEADERS, STREAM, 0, responseHeaders()),
                part(DATA, 0, STREAM, 0, 0, 0, 0, 0, 0),
                part(HEADERS, END_HEADERS | END_STREAM, STREAM, 0, trailers()));
    }

    /// Such an answer on any stream.
    static byte[] goodAnswer(int stream) {
        var all = new ByteArrayOutputStream();
        all.writeBytes(frame(HEADERS, END_HEADERS, stream, bytes(responseHeaders())));
        all.writeBytes(frame(DATA, (byte) 0, stream, new byte[EMPTY_MESSAGE]));
        all.writeBytes(
                frame(HEADERS, (byte) (END_HEADERS | END_STREAM), stream, bytes(trailers())));
        return all.toByteArray();
    }

    private static byte[] bytes(int[] values) {
        var all = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            all[i] = (byte) values[i];
        }
        return all;
    }

    private static int[] responseHeaders() {
        // :status 200, then content-type by its number in the table.
        return literal(new int[] {0x88, 0x5f}, "application/grpc");
    }

    private static int[] trailers() {
        return literal(literal(new int[] {0x40}, "grpc-status"), "0");
    }

    private static int[] literal(int[] before, String text) {
        var bytes = text.getBytes(StandardCharsets.US_ASCII);
        var all = Arrays.copyOf(before, before.length + 1 + bytes.length);
        all[before.length] = bytes.length;
        for (int i = 0; i < bytes.length; i++) {
            all[before.length + 1 + i] = bytes[i];
        }
        return all;
    }

    private static byte[] seed(int manners, byte[]... parts) {
        var all = new ByteArrayOutputStream();
        all.write(manners);
        for (var part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }

    private static byte[] part(int type, int flags, int stream, int times, int... payload) {
        var all = new byte[5 + payload.length];
        all[0] = (byte) type;
        all[1] = (byte) flags;
        all[2] = (byte) stream;
        all[3] = (byte) times;
        all[4] = (byte) payload.length;
        for (int i = 0; i < payload.length; i++) {
            all[5 + i] = (byte) payload[i];
        }
        return all;
    }

    /// The frames that an input asks for.
    static byte[] frames(byte[] input) {
        var frames = new Frames();
        frames.read(input);
        return frames.bytes.toByteArray();
    }
}
