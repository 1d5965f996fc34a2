package dev.monopod.host.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.ByteString;
import dev.monopod.protocol.guest.ContainerState;
import dev.monopod.protocol.guest.GuestGrpc;
import dev.monopod.protocol.guest.ListContainersRequest;
import dev.monopod.protocol.guest.ListContainersResponse;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.netty.shaded.io.netty.channel.MultiThreadIoEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollIoHandler;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.grpc.netty.shaded.io.netty.channel.unix.DomainSocketAddress;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
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
    void messagesBeyondTheLimitAreRefused() throws Exception {
        var loops = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
        var server =
                NettyServerBuilder.forAddress(new DomainSocketAddress(socket.toString()))
                        .channelType(EpollServerDomainSocketChannel.class)
                        .bossEventLoopGroup(loops)
                        .workerEventLoopGroup(loops)
                        .addService(new Verbose())
                        .build()
                        .start();
        try {
            assertThat(code()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
        } finally {
            server.shutdownNow();
            loops.shutdownGracefully(0, 0, TimeUnit.SECONDS);
        }
    }

    private static final class Verbose extends GuestGrpc.GuestImplBase {
        @Override
        public void listContainers(
                ListContainersRequest request, StreamObserver<ListContainersResponse> out) {
            out.onNext(
                    ListContainersResponse.newBuilder()
                            .addContainers(
                                    ContainerState.newBuilder()
                                            .setTerminationMessage(
                                                    ByteString.copyFrom(
                                                            new byte[GuestChannel.MESSAGE_BYTES])))
                            .build());
            out.onCompleted();
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
