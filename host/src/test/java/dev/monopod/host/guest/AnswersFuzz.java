package dev.monopod.host.guest;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import com.sun.management.ThreadMXBean;
import dev.monopod.protocol.guest.ConfigureResponse;
import dev.monopod.protocol.guest.ContainerState;
import dev.monopod.protocol.guest.ContainerUser;
import dev.monopod.protocol.guest.GuestGrpc;
import dev.monopod.protocol.guest.ListContainersResponse;
import dev.monopod.protocol.guest.LogChunk;
import dev.monopod.protocol.guest.StatisticsResponse;
import dev.monopod.protocol.guest.StreamOutput;
import dev.monopod.protocol.guest.Usage;
import dev.monopod.protocol.guest.VolumeStatistics;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a fuzzer that looks at coverage tries of the host's side of the channel: an answer is
/// refused as one beyond the bounds is, or parsed, and takes no more memory than its bounds let it.
/// The fuzzer knows the class and its two methods by their names.
public final class AnswersFuzz {
    /// Of the bytes of one answer, beside what is made of its fields.
    private static final long BYTES_A_BYTE = 8;

    private static final long BYTES_A_FIELD = 320;
    private static final long BYTES_ANYWAY = 256 << 10;

    private static final List<MethodDescriptor<?, ?>> METHODS =
            GuestGrpc.getServiceDescriptor().getMethods().stream()
                    .<MethodDescriptor<?, ?>>map(AnswersFuzz::bounded)
                    .toList();

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private AnswersFuzz() {}

    /// Writes inputs to begin with into the folder that the environment names.
    public static void fuzzerInitialize() {
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

    /// @param input `METHOD TIMES ANSWER`: which method's answer, how often it is doubled
    public static void fuzzerTestOneInput(byte[] input) {
        if (input.length < 2) {
            return;
        }
        var method = METHODS.get(Byte.toUnsignedInt(input[0]) % METHODS.size());
        var bounds = AnswerBounds.of(method);
        var answer = doubled(Arrays.copyOfRange(input, 2, input.length), input[1], bounds);
        if (excess(method, bounds, answer) > 0) {
            // Classes that are loaded meanwhile take memory too, once.
            var excess = excess(method, bounds, answer);
            if (excess > 0) {
                throw new AssertionError(
                        "%s took %d bytes of memory too many"
                                .formatted(method.getBareMethodName(), excess));
            }
        }
        words(new String(answer, StandardCharsets.UTF_8));
    }

    /// How much more memory the answer took than its bounds let it.
    private static long excess(MethodDescriptor<?, ?> method, AnswerBounds bounds, byte[] answer) {
        var before = THREADS.getCurrentThreadAllocatedBytes();
        var fields = parses(method, answer) ? bounds.fields() : 0;
        var taken = THREADS.getCurrentThreadAllocatedBytes() - before;
        return taken - BYTES_ANYWAY - BYTES_A_BYTE * answer.length - BYTES_A_FIELD * fields;
    }

    /// Whether it is an answer, and not refused.
    private static boolean parses(MethodDescriptor<?, ?> method, byte[] answer) {
        try {
            var parsed = method.parseResponse(new ByteArrayInputStream(answer));
            if (!(parsed instanceof Message message) || !message.isInitialized()) {
                throw new AssertionError("no message: " + parsed);
            }
            return true;
        } catch (StatusRuntimeException refused) {
            var code = refused.getStatus().getCode();
            var why = refused.getStatus().getDescription();
            // INTERNAL where gRPC refuses it, in a string that is no text say.
            var refusal = code == Status.Code.RESOURCE_EXHAUSTED || code == Status.Code.INTERNAL;
            if (!refusal || why == null || why.contains("null")) {
                throw new AssertionError("refused in no words of ours", refused);
            }
            return false;
        }
    }

    /// One line, of the length that was asked for, which is text.
    private static void words(String said) {
        var line = GuestWords.line(said, 100);
        if (line.length() > 101
                || line.codePoints().anyMatch(Character::isISOControl)
                || !StandardCharsets.UTF_8.newEncoder().canEncode(line)) {
            throw new AssertionError("no line of text: " + line);
        }
    }

    private static byte[] doubled(byte[] answer, byte times, AnswerBounds bounds) {
        var all = answer;
        for (var i = times & 0x1f; i > 0 && all.length <= bounds.bytes(); i--) {
            var twice = Arrays.copyOf(all, 2 * all.length);
            System.arraycopy(all, 0, twice, all.length, all.length);
            if (all.length == 0) {
                break;
            }
            all = twice;
        }
        return all;
    }

    /// The method as a call of the channel has it.
    private static <I, O> MethodDescriptor<I, O> bounded(MethodDescriptor<I, O> method) {
        var channel = new Seeing();
        new BoundedAnswers().interceptCall(method, CallOptions.DEFAULT, channel);
        @SuppressWarnings("unchecked")
        var seen = (MethodDescriptor<I, O>) channel.method;
        if (seen == null) {
            throw new AssertionError("no call");
        }
        return seen;
    }

    private static final class Seeing extends Channel {
        private @Nullable MethodDescriptor<?, ?> method;

        @Override
        public <I, O> ClientCall<I, O> newCall(MethodDescriptor<I, O> called, CallOptions options) {
            method = called;
            return new NoCall<>();
        }

        @Override
        public String authority() {
            return "guest";
        }
    }

    private static final class NoCall<I, O> extends ClientCall<I, O> {
        @Override
        public void start(Listener<O> listener, Metadata headers) {}

        @Override
        public void request(int messages) {}

        @Override
        public void cancel(@Nullable String message, @Nullable Throwable cause) {}

        @Override
        public void halfClose() {}

        @Override
        public void sendMessage(I message) {}
    }

    /// An answer of each shape.
    static List<byte[]> seeds() {
        var state =
                ContainerState.newBuilder()
                        .setContainerId("0".repeat(64))
                        .setName("app")
                        .setUser(ContainerUser.newBuilder().addGroups(7).addGroups(8))
                        .setTerminationMessage(ByteString.copyFromUtf8("ended"))
                        .build();
        var usage = Usage.newBuilder().setCpuNanos(1).build();
        return List.of(
                seed("Configure", ConfigureResponse.newBuilder().setBootId("b").build()),
                seed("WatchContainers", state),
                seed(
                        "ListContainers",
                        ListContainersResponse.newBuilder().addContainers(state).build()),
                seed(
                        "Statistics",
                        StatisticsResponse.newBuilder()
                                .setMachine(usage)
                                .addVolumes(VolumeStatistics.newBuilder().setName("data"))
                                .build()),
                seed(
                        "ReadLog",
                        LogChunk.newBuilder()
                                .setOffset(1)
                                .setData(ByteString.copyFromUtf8("t stdout F line\n"))
                                .build()),
                seed(
                        "Exec",
                        StreamOutput.newBuilder()
                                .setStdout(ByteString.copyFromUtf8("out"))
                                .build()));
    }

    private static byte[] seed(String name, Message message) {
        var bytes = message.toByteArray();
        var seed = new byte[2 + bytes.length];
        for (var i = 0; i < METHODS.size(); i++) {
            if (name.equals(METHODS.get(i).getBareMethodName())) {
                seed[0] = (byte) i;
            }
        }
        System.arraycopy(bytes, 0, seed, 2, bytes.length);
        return seed;
    }
}
