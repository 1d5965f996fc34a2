package dev.monopod.host.guest;

import dev.monopod.model.time.SteadyClock;
import dev.monopod.protocol.guest.ConfigureRequest;
import dev.monopod.protocol.guest.ConfigureResponse;
import dev.monopod.protocol.guest.GuestGrpc;
import io.grpc.Codec;
import io.grpc.DecompressorRegistry;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.MultiThreadIoEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollIoHandler;
import io.grpc.netty.shaded.io.netty.channel.unix.DomainSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/// The channel to one guest: a single HTTP/2 connection over the machine's unix socket carries all
/// calls. A connection that is made before the guest opened its port just waits; one that breaks is
/// made again by the next call. Thread-safe.
public final class GuestChannel implements AutoCloseable {
    /// What an answer's headers and trailers may take together.
    private static final int METADATA_BYTES = 8 << 10;

    private static final DecompressorRegistry UNCOMPRESSED =
            DecompressorRegistry.emptyInstance().with(Codec.Identity.NONE, false);

    private static final Logger LOG = LoggerFactory.getLogger(GuestChannel.class);
    private static final Duration KEEP_ALIVE = Duration.ofSeconds(30);
    private static final Duration ATTEMPT = Duration.ofSeconds(20);

    private final Path socket;
    private final Transport transport;
    private final GuestLog log = new GuestLog(LOG, SteadyClock.ofProcess());
    private volatile ManagedChannel channel;

    /// Threads that every channel of this process shares.
    public static final class Transport implements AutoCloseable {
        private final EventLoopGroup loops =
                new MultiThreadIoEventLoopGroup(2, EpollIoHandler.newFactory());
        private final ExecutorService callbacks = Executors.newVirtualThreadPerTaskExecutor();

        @Override
        public void close() {
            loops.shutdownGracefully(0, 1, TimeUnit.SECONDS);
            callbacks.shutdown();
        }

        Executor callbacks() {
            return callbacks;
        }
    }

    /// A channel to a machine that nobody has talked to yet.
    public GuestChannel(Path socket, Transport transport) {
        this.socket = socket;
        this.transport = transport;
        this.channel = open();
    }

    /// A channel to a machine that an earlier agent has talked to.
    public static GuestChannel again(Path socket, Transport transport) {
        StaleOutput.discard(socket);
        return new GuestChannel(socket, transport);
    }

    /// Waits for the guest's first answer, for as long as `patience` lasts.
    ///
    /// @param request made anew for each attempt: it holds the wall clock
    /// @throws StatusRuntimeException when the guest refuses or patience ends
    public ConfigureResponse configure(Supplier<ConfigureRequest> request, Duration patience) {
        var end = System.nanoTime() + patience.toNanos();
        while (true) {
            try {
                blocking(ATTEMPT).configure(request.get());
                // The first request waited for the boot, and its clock with it.
                return blocking(ATTEMPT).configure(request.get());
            } catch (StatusRuntimeException e) {
                boolean transientTrouble =
                        switch (e.getStatus().getCode()) {
                            case DEADLINE_EXCEEDED, UNAVAILABLE -> true;
                            default -> false;
                        };
                if (!transientTrouble
                        || System.nanoTime() - end > 0
                        || Thread.currentThread().isInterrupted()) {
                    throw e;
                }
                log.log(Level.INFO, "guest at {} does not answer yet: {}", socket, e.getStatus());
                reconnect();
            }
        }
    }

    /// A stub whose calls end after `deadline`.
    public GuestGrpc.GuestBlockingStub blocking(Duration deadline) {
        return GuestGrpc.newBlockingStub(channel)
                .withDeadlineAfter(deadline.toMillis(), TimeUnit.MILLISECONDS)
                .withWaitForReady();
    }

    /// A stub for calls that last.
    public GuestGrpc.GuestBlockingStub endless() {
        return GuestGrpc.newBlockingStub(channel);
    }

    /// A stub for streams in both directions.
    public GuestGrpc.GuestStub streams() {
        return GuestGrpc.newStub(channel);
    }

    /// Gives a connection up that does not answer and makes another; calls on the old one fail.
    public void reconnect() {
        channel.shutdownNow();
        StaleOutput.discard(socket);
        channel = open();
    }

    @Override
    public void close() {
        channel.shutdownNow();
    }

    private ManagedChannel open() {
        return NettyChannelBuilder.forAddress(new DomainSocketAddress(socket.toString()))
                .eventLoopGroup(transport.loops)
                .channelFactory(Connection::channel)
                .flowControlWindow(Connection.STREAM_BYTES)
                .overrideAuthority("guest")
                .usePlaintext()
                .maxInboundMetadataSize(METADATA_BYTES)
                // No guest of ours compresses, and a small message could become a large one.
                .decompressorRegistry(UNCOMPRESSED)
                .intercept(new BoundedAnswers())
                .keepAliveTime(KEEP_ALIVE.toMillis(), TimeUnit.MILLISECONDS)
                .keepAliveTimeout(KEEP_ALIVE.toMillis(), TimeUnit.MILLISECONDS)
                .keepAliveWithoutCalls(true)
                .disableRetry()
                .executor(transport.callbacks())
                .build();
    }
}
