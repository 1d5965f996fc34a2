package dev.monopod.agent.kubelet;

import dev.monopod.kube.serving.ConnectionLimits;
import dev.monopod.model.time.SteadyClock;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// The HTTPS server of the kubelet API for all pods of this host. Each Node has a port of its own,
/// since a connection says by nothing else whom its client asks: the kernel has replaced the
/// address of the pod, and what the client writes into a request proves nothing. Starts once, and
/// ends all connections when closed. Thread-safe.
public final class KubeletServer implements AutoCloseable {
    private static final int MAX_LINE_BYTES = 128 * 1024;
    private static final int MAX_HEADER_BYTES = 64 * 1024;
    private static final int EVENT_LOOPS = 2;
    private static final WriteBufferWaterMark WRITE_BUFFER =
            new WriteBufferWaterMark(64 * 1024, 256 * 1024);

    private final KubeletServerConfiguration configuration;
    private final ServingCertificates certificates;
    private final KubeletApi api;
    private final ConnectionLimits limits;
    private final Map<String, Door> doors = new HashMap<>();
    private @Nullable MultiThreadIoEventLoopGroup group;
    private @Nullable Door ownDoor;

    /// Where clients come in, and those who did.
    private record Door(Channel listener, ChannelGroup connections) {
        int port() {
            return ((InetSocketAddress) listener.localAddress()).getPort();
        }

        void close() {
            listener.close().awaitUninterruptibly(2, TimeUnit.SECONDS);
            connections.close().awaitUninterruptibly(2, TimeUnit.SECONDS);
        }
    }

    public KubeletServer(
            KubeletServerConfiguration configuration,
            KubeletPods pods,
            Authenticator authenticator,
            Authorizer authorizer,
            ServingCertificates certificates) {
        this.configuration = configuration;
        this.certificates = certificates;
        this.limits =
                new ConnectionLimits(configuration.limits().connections(), SteadyClock.ofProcess());
        this.api =
                new KubeletApi(
                        pods,
                        new AccessControl(authenticator, authorizer),
                        configuration,
                        Clock.systemUTC());
    }

    /// Listens when it returns; there it speaks for no Node yet.
    public synchronized void start() throws IOException {
        if (group != null) {
            throw new IllegalStateException("the kubelet server has already been started");
        }
        group =
                new MultiThreadIoEventLoopGroup(
                        EVENT_LOOPS,
                        new DefaultThreadFactory("kubelet-io", true),
                        NioIoHandler.newFactory());
        try {
            ownDoor =
                    listen(group, Optional.empty(), configuration.address(), configuration.port());
        } catch (IOException | RuntimeException e) {
            close();
            throw e;
        }
    }

    /// Where it listens for the host itself.
    public synchronized int port() {
        return ownDoor == null ? 0 : ownDoor.port();
    }

    /// Listens for the Node of a machine, at a port that is free.
    ///
    /// @return the port
    public synchronized int open(String machine, String address) throws IOException {
        var present = doors.get(machine);
        if (present != null) {
            return present.port();
        }
        if (group == null) {
            throw new IllegalStateException("the kubelet server has not been started");
        }
        var door = listen(group, Optional.of(machine), address, 0);
        doors.put(machine, door);
        return door.port();
    }

    /// Ends the connections to a Node, and listens for it no longer.
    public synchronized void close(String machine) {
        var door = doors.remove(machine);
        if (door != null) {
            door.close();
        }
    }

    private Door listen(
            MultiThreadIoEventLoopGroup loops, Optional<String> machine, String address, int port)
            throws IOException {
        var connections = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE, true);
        try {
            var listener =
                    new ServerBootstrap()
                            .group(loops)
                            .channel(NioServerSocketChannel.class)
                            .option(ChannelOption.SO_REUSEADDR, true)
                            .childOption(ChannelOption.SO_KEEPALIVE, true)
                            .childOption(ChannelOption.TCP_NODELAY, true)
                            .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, WRITE_BUFFER)
                            .childHandler(new Initializer(machine, connections))
                            .bind(address, port)
                            .sync()
                            .channel();
            return new Door(listener, connections);
        } catch (InterruptedException _) {
            throw PeerConnection.interrupted();
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            // Netty throws the bind's exception as it is, whatever it is.
            throw new IOException("cannot listen at " + address + ":" + port, e);
        }
    }

    @Override
    public synchronized void close() {
        if (group != null) {
            doors.values().forEach(Door::close);
            doors.clear();
            if (ownDoor != null) {
                ownDoor.close();
            }
            group.shutdownGracefully(0, 2, TimeUnit.SECONDS)
                    .awaitUninterruptibly(3, TimeUnit.SECONDS);
        }
    }

    private final class Initializer extends ChannelInitializer<SocketChannel> {
        private final Optional<String> machine;
        private final ChannelGroup connections;

        Initializer(Optional<String> machine, ChannelGroup connections) {
            this.machine = machine;
            this.connections = connections;
        }

        @Override
        protected void initChannel(SocketChannel channel) {
            var place =
                    limits.enter(
                            channel.remoteAddress().getAddress(),
                            channel.localAddress().getAddress());
            if (place.isEmpty()) {
                channel.close();
                return;
            }
            channel.closeFuture().addListener(_ -> place.get().leave());
            connections.add(channel);
            var http =
                    new HttpDecoderConfig()
                            .setMaxInitialLineLength(MAX_LINE_BYTES)
                            .setMaxHeaderSize(MAX_HEADER_BYTES);
            var peer = new PeerConnection(channel, machine);
            channel.pipeline()
                    .addLast("tls", certificates.sslContext().newHandler(channel.alloc()))
                    .addLast(
                            "introduction",
                            new Introduction(
                                    peer, place.get(), configuration.limits().unauthenticated()))
                    .addLast("http", new HttpServerCodec(http))
                    .addLast("requests", new RequestHandler(peer, api))
                    .addLast("peer", peer);
        }
    }
}
