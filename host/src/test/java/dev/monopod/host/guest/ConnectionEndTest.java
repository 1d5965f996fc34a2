package dev.monopod.host.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.ByteString;
import dev.monopod.protocol.guest.ListContainersRequest;
import dev.monopod.protocol.guest.PortForwardInput;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// How calls and connections end on the wire, as a guest sees it that takes one connection at a
/// time, like QEMU's port, and gives it up at the first frame that may not be.
@Timeout(60)
class ConnectionEndTest {
    private static final Duration DEADLINE = Duration.ofSeconds(5);
    private static final int PROTOCOL_ERROR = 1;

    @TempDir private Path directory;
    private final GuestChannel.Transport transport = new GuestChannel.Transport();
    private Path socket;

    @BeforeEach
    void nameSocket() {
        socket = directory.resolve("guest.sock");
    }

    @AfterEach
    void closeTransport() {
        transport.close();
    }

    @Test
    void nothingFollowsTheResetOfAStreamThatTheGuestHasEnded() throws Exception {
        Set<Integer> late = ConcurrentHashMap.newKeySet();
        var data =
                PortForwardInput.newBuilder().setData(ByteString.copyFrom(new byte[100])).build();
        try (var _ = guest(peer -> endEachStreamAtItsFirstData(peer, late));
                var channel = new GuestChannel(socket, transport)) {
            for (int number = 0; number < 1000; number++) {
                try (var call = GuestStream.open(channel.streams()::portForward)) {
                    while (call.send(data)) {
                        Thread.onSpinWait();
                    }
                }
            }
        }
        assertThat(late).as("streams on which data came after their reset").isEmpty();
    }

    private static void endEachStreamAtItsFirstData(SocketChannel peer, Set<Integer> late)
            throws IOException {
        var ended = new HashSet<Integer>();
        var reset = new HashSet<Integer>();
        // Room for all that comes.
        FramesFuzz.write(
                peer,
                FramesFuzz.frame(
                        FramesFuzz.WINDOW_UPDATE, (byte) 0, 0, new byte[] {0x3f, 0, 0, 0}));
        while (true) {
            var frame = FramesFuzz.Frame.read(peer);
            var stream = frame.stream();
            switch (frame.type()) {
                case FramesFuzz.DATA -> {
                    if (reset.contains(stream)) {
                        late.add(stream);
                    }
                    if (ended.add(stream)) {
                        FramesFuzz.write(peer, FramesFuzz.goodAnswer(stream));
                    }
                }
                case FramesFuzz.RST_STREAM -> reset.add(stream);
                default -> {}
            }
        }
    }

    @Test
    void aConnectionThatTheGuestGivesUpEndsAtOnceAndTheNextIsServed() throws Exception {
        Set<SocketChannel> met = ConcurrentHashMap.newKeySet();
        try (var _ = guest(peer -> giveUpTheFirst(peer, met));
                var channel = new GuestChannel(socket, transport)) {
            var refused = catchThrowableOfType(StatusRuntimeException.class, () -> list(channel));

            assertThat(refused.getStatus().getCode()).isNotEqualTo(Status.Code.DEADLINE_EXCEEDED);
            list(channel);
            assertThat(met).hasSize(2);
        }
    }

    private static void giveUpTheFirst(SocketChannel peer, Set<SocketChannel> met)
            throws IOException {
        met.add(peer);
        while (true) {
            var frame = FramesFuzz.Frame.read(peer);
            if (frame.type() == FramesFuzz.HEADERS) {
                FramesFuzz.write(
                        peer,
                        met.size() == 1
                                ? goAway(frame.stream())
                                : FramesFuzz.goodAnswer(frame.stream()));
            }
        }
    }

    private static byte[] goAway(int lastStream) {
        var payload = ByteBuffer.allocate(8).putInt(lastStream).putInt(PROTOCOL_ERROR).array();
        return FramesFuzz.frame(FramesFuzz.GOAWAY, (byte) 0, 0, payload);
    }

    private static void list(GuestChannel channel) {
        var _ =
                channel.blocking(DEADLINE)
                        .listContainers(ListContainersRequest.getDefaultInstance());
    }

    private interface Peer {
        void meet(SocketChannel peer) throws IOException;
    }

    /// Meets one connection after the other, each until the host hangs up.
    private ServerSocketChannel guest(Peer guest) throws IOException {
        var server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        server.bind(UnixDomainSocketAddress.of(socket));
        Thread.ofVirtual()
                .start(() -> {
                    while (server.isOpen()) {
                        try (var peer = server.accept()) {
                            FramesFuzz.greet(peer);
                            guest.meet(peer);
                        } catch (IOException hungUp) {
                            // The next may come.
                        }
                    }
                });
        return server;
    }
}
