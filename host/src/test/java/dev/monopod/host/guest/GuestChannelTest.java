package dev.monopod.host.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.ByteString;
import dev.monopod.protocol.guest.ContainerState;
import dev.monopod.protocol.guest.GuestGrpc;
import dev.monopod.protocol.guest.ListContainersRequest;
import dev.monopod.protocol.guest.ListContainersResponse;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.netty.shaded.io.netty.channel.MultiThreadIoEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollIoHandler;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.grpc.netty.shaded.io.netty.channel.unix.DomainSocketAddress;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Guests that do not keep to the protocol: a call ends with an error, in time, and the next guest
/// is served.
class GuestChannelTest {
    private static final Duration DEADLINE = Duration.ofSeconds(2);

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

    /// What the code of a first call on such a guest is.
    private Status.Code code() {
        try (var channel = new GuestChannel(socket, transport)) {
            var error =
                    catchThrowableOfType(
                            StatusRuntimeException.class,
                            () ->
                                    channel.blocking(DEADLINE)
                                            .listContainers(
                                                    ListContainersRequest.getDefaultInstance()));
            assertThat(error).isNotNull();
            return error.getStatus().getCode();
        }
    }

    @Test
    void silenceEndsWithTheDeadline() throws Exception {
        try (var _ = raw(peer -> {})) {
            assertThat(code()).isEqualTo(Status.Code.DEADLINE_EXCEEDED);
        }
    }

    @Test
    void noiseEndsTheCall() throws Exception {
        try (var _ =
                raw(peer -> {
                    var noise = ByteBuffer.allocate(1 << 20);
                    while (peer.write(noise) >= 0) {
                        noise.clear();
                    }
                })) {
            assertThat(code()).isIn(Status.Code.UNAVAILABLE, Status.Code.DEADLINE_EXCEEDED);
        }
    }

    @Test
    void answersBeyondTheirBoundAreRefused() throws Exception {
        var state =
                ContainerState.newBuilder()
                        .setTerminationMessage(ByteString.copyFrom(new byte[256 << 10]))
                        .build();
        var told = ListContainersResponse.newBuilder().addContainers(state).build();

        assertThat(error(told.toByteArray()).getStatus().getCode())
                .isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
    }

    @Test
    void manyPartsInFewBytesAreRefused() throws Exception {
        // Field 1 of length 0, again and again: each would be an object.
        var bytes = new byte[200 << 10];
        for (var i = 0; i < bytes.length; i += 2) {
            bytes[i] = 0x0a;
        }

        assertThat(error(bytes))
                .hasMessage(
                        "RESOURCE_EXHAUSTED: ListContainersResponse has more than 16384 fields");
    }

    @Test
    void wordsOfAFailureAreOneShortLine() throws Exception {
        var error = error(Status.ABORTED.withDescription("a\nb\u001b[2J" + "x".repeat(6000)));

        assertThat(error.getStatus().getDescription())
                .startsWith("a b [2Jxxx")
                .hasSizeLessThan(2100)
                .doesNotContain("\n");
    }

    @Test
    void wordsThatFillTheHeadersEndTheCall() throws Exception {
        assertThat(error(Status.ABORTED.withDescription("x".repeat(1 << 20))).getStatus().getCode())
                .isNotEqualTo(Status.Code.ABORTED);
    }

    @Test
    void pingsOfAGuestThatReadsNoAnswersEndTheConnection() throws Exception {
        var hungUp = new CountDownLatch(1);
        try (var _ =
                raw(peer -> {
                    // SETTINGS without any, then PING frames.
                    peer.write(ByteBuffer.wrap(new byte[] {0, 0, 0, 4, 0, 0, 0, 0, 0}));
                    var pings = ByteBuffer.allocate(17 * 1000);
                    for (var i = 0; i < 1000; i++) {
                        pings.put(new byte[] {0, 0, 8, 6, 0, 0, 0, 0, 0}).putLong(i);
                    }
                    try {
                        for (var i = 0; i < 10_000; i++) {
                            peer.write(pings.rewind());
                        }
                    } catch (IOException e) {
                        hungUp.countDown();
                    }
                })) {
            assertThat(code()).isNotEqualTo(Status.Code.OK);
            assertThat(hungUp.await(10, TimeUnit.SECONDS)).isTrue();
        }
    }

    private StatusRuntimeException error(byte[] answer) throws Exception {
        return error(call -> {
            call.sendHeaders(new Metadata());
            call.sendMessage(answer);
            call.close(Status.OK, new Metadata());
        });
    }

    private StatusRuntimeException error(Status status) throws Exception {
        return error(call -> call.close(status, new Metadata()));
    }

    /// How listing its containers fails with a guest that answers so.
    private StatusRuntimeException error(Consumer<ServerCall<byte[], byte[]>> answer)
            throws Exception {
        var method = GuestGrpc.getListContainersMethod().toBuilder(Raw.BYTES, Raw.BYTES).build();
        var service =
                ServerServiceDefinition.builder(GuestGrpc.SERVICE_NAME)
                        .addMethod(
                                method,
                                (call, _) -> {
                                    call.request(1);
                                    answer.accept(call);
                                    return new ServerCall.Listener<>() {};
                                })
                        .build();
        var loops = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
        var server =
                NettyServerBuilder.forAddress(new DomainSocketAddress(socket.toString()))
                        .channelType(EpollServerDomainSocketChannel.class)
                        .bossEventLoopGroup(loops)
                        .workerEventLoopGroup(loops)
                        .addService(service)
                        .build()
                        .start();
        try (var channel = new GuestChannel(socket, transport)) {
            var error =
                    catchThrowableOfType(
                            StatusRuntimeException.class,
                            () ->
                                    channel.blocking(DEADLINE)
                                            .listContainers(
                                                    ListContainersRequest.getDefaultInstance()));
            assertThat(error).isNotNull();
            return error;
        } finally {
            server.shutdownNow();
            loops.shutdownGracefully(0, 0, TimeUnit.SECONDS);
        }
    }

    /// Messages as the bytes that they are.
    private enum Raw implements MethodDescriptor.Marshaller<byte[]> {
        BYTES;

        @Override
        public InputStream stream(byte[] value) {
            return new ByteArrayInputStream(value);
        }

        @Override
        public byte[] parse(InputStream stream) {
            try {
                return stream.readAllBytes();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private interface Peer {
        void meet(SocketChannel peer) throws IOException;
    }

    /// A server that speaks no HTTP/2: does `peer` with each connection, and keeps it open.
    private ServerSocketChannel raw(Peer peer) throws IOException {
        var server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        server.bind(UnixDomainSocketAddress.of(socket));
        Thread.ofVirtual()
                .start(() -> {
                    try {
                        while (true) {
                            var met = server.accept();
                            Thread.ofVirtual()
                                    .start(() -> {
                                        try {
                                            peer.meet(met);
                                        } catch (IOException e) {
                                            // The agent hung up.
                                        }
                                    });
                        }
                    } catch (IOException closed) {
                        // The test is over.
                    }
                });
        return server;
    }
}
