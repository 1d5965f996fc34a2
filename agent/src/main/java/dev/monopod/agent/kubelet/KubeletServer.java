package dev.monopod.agent.kubelet;

import io.netty.bootstrap.ServerBootstrap;
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
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// The HTTPS server of the kubelet API for all pods of this host. Starts once, and ends all
/// connections when closed.
public final class KubeletServer implements AutoCloseable {
    private static final int MAX_CONNECTIONS = 4096;
    private static final int MAX_LINE_BYTES = 128 * 1024;
    private static final int MAX_HEADER_BYTES = 64 * 1024;
    private static final int EVENT_LOOPS = 2;
    private static final WriteBufferWaterMark WRITE_BUFFER =
            new WriteBufferWaterMark(64 * 1024, 256 * 1024);

    private final KubeletServerConfiguration configuration;
    private final ServingCertificates certificates;
    private final KubeletApi api;
    private final ChannelGroup connections = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
    private @Nullable MultiThreadIoEventLoopGroup group;
    private int port;

    public KubeletServer(
            KubeletServerConfiguration configuration,
            KubeletPods pods,
            Authenticator authenticator,
            Authorizer authorizer,
            ServingCertificates certificates) {
        this.configuration = configuration;
        this.certificates = certificates;
        this.api =
                new KubeletApi(
                        pods,
                        new AccessControl(authenticator, authorizer),
                        configuration,
                        Clock.systemUTC());
    }

    /// Listens when it returns.
    public synchronized void start() throws IOException {
        if (group != null) {
            throw new IllegalStateException("the kubelet server has already been started");
        }
        var loops =
                new MultiThreadIoEventLoopGroup(
                        EVENT_LOOPS,
                        new DefaultThreadFactory("kubelet-io", true),
                        NioIoHandler.newFactory());
        group = loops;
        try {
            var channel =
                    new ServerBootstrap()
                            .group(loops)
                            .channel(NioServerSocketChannel.class)
                            .option(ChannelOption.SO_REUSEADDR, true)
                            .childOption(ChannelOption.SO_KEEPALIVE, true)
                            .childOption(ChannelOption.TCP_NODELAY, true)
                            .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, WRITE_BUFFER)
                            .childHandler(new Initializer())
                            .bind(configuration.address(), configuration.port())
                            .sync()
                            .channel();
            port = ((InetSocketAddress) channel.localAddress()).getPort();
        } catch (InterruptedException _) {
            close();
            throw PeerConnection.interrupted();
        } catch (RuntimeException e) {
            close();
            throw e;
        } catch (Exception e) {
            // Netty throws the bind's exception as it is, whatever it is.
            close();
            throw new IOException(
                    "cannot listen at " + configuration.address() + ":" + configuration.port(), e);
        }
    }

    /// Where it listens.
    public synchronized int port() {
        return port;
    }

    @Override
    public synchronized void close() {
        if (group != null) {
            connections.close().awaitUninterruptibly(2, TimeUnit.SECONDS);
            group.shutdownGracefully(0, 2, TimeUnit.SECONDS)
                    .awaitUninterruptibly(3, TimeUnit.SECONDS);
        }
    }

    private final class Initializer extends ChannelInitializer<SocketChannel> {
        @Override
        protected void initChannel(SocketChannel channel) {
            if (connections.size() >= MAX_CONNECTIONS) {
                channel.close();
                return;
            }
            connections.add(channel);
            var http =
                    new HttpDecoderConfig()
                            .setMaxInitialLineLength(MAX_LINE_BYTES)
                            .setMaxHeaderSize(MAX_HEADER_BYTES);
            var peer = new PeerConnection(channel);
            channel.pipeline()
                    .addLast("tls", certificates.sslContext().newHandler(channel.alloc()))
                    .addLast("http", new HttpServerCodec(http))
                    .addLast("requests", new RequestHandler(peer, api))
                    .addLast("peer", peer);
        }
    }
}
