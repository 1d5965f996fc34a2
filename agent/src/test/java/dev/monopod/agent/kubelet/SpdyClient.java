package dev.monopod.agent.kubelet;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.spdy.DefaultSpdyDataFrame;
import io.netty.handler.codec.spdy.DefaultSpdyPingFrame;
import io.netty.handler.codec.spdy.DefaultSpdySynStreamFrame;
import io.netty.handler.codec.spdy.SpdyDataFrame;
import io.netty.handler.codec.spdy.SpdyFrame;
import io.netty.handler.codec.spdy.SpdyPingFrame;
import io.netty.handler.codec.spdy.SpdyWindowUpdateFrame;
import io.netty.handler.ssl.SslContextBuilder;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/// A client of SPDY/3.1 that keeps all it receives.
final class SpdyClient extends SimpleChannelInboundHandler<Object> implements AutoCloseable {
    private final MultiThreadIoEventLoopGroup group =
            new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final CompletableFuture<HttpResponse> response = new CompletableFuture<>();
    private final Map<Integer, ByteArrayOutputStream> received = new ConcurrentHashMap<>();
    private final Map<Integer, Integer> windows = new ConcurrentHashMap<>();
    private final Set<Integer> ended = ConcurrentHashMap.newKeySet();
    private final Set<Integer> pongs = ConcurrentHashMap.newKeySet();
    private Channel channel;
    private int nextStream = 1;

    private SpdyClient() {}

    static SpdyClient connect(KubeletFixture kubelet, String path, String protocol)
            throws Exception {
        var client = new SpdyClient();
        var tls =
                SslContextBuilder.forClient()
                        .trustManager(kubelet.directory.resolve("ca.crt").toFile())
                        .build();
        client.channel =
                new Bootstrap()
                        .group(client.group)
                        .channel(NioSocketChannel.class)
                        .handler(
                                new ChannelInitializer<>() {
                                    @Override
                                    protected void initChannel(Channel channel) {
                                        channel.pipeline()
                                                .addLast(
                                                        tls.newHandler(
                                                                channel.alloc(),
                                                                "127.0.0.1",
                                                                kubelet.uri("").getPort()))
                                                .addLast("http", new HttpClientCodec())
                                                .addLast(client);
                                    }
                                })
                        .connect("127.0.0.1", kubelet.uri("").getPort())
                        .sync()
                        .channel();
        var request = new DefaultFullHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.POST, path);
        request.headers()
                .set("Host", "127.0.0.1")
                .set("Authorization", "Bearer good")
                .set("Connection", "Upgrade")
                .set("Upgrade", "SPDY/3.1")
                .set("X-Stream-Protocol-Version", protocol);
        client.channel.writeAndFlush(request).sync();
        client.response.get(20, TimeUnit.SECONDS);
        return client;
    }

    int status() {
        return response.join().status().code();
    }

    String responseHeader(String name) {
        return response.join().headers().get(name);
    }

    int openStream(Map<String, String> headers) {
        int id = nextStream;
        nextStream += 2;
        var frame = new DefaultSpdySynStreamFrame(id, 0, (byte) 0);
        headers.forEach(frame.headers()::set);
        received.put(id, new ByteArrayOutputStream());
        channel.writeAndFlush(frame);
        return id;
    }

    void send(int stream, byte[] bytes, boolean last) {
        var frame = new DefaultSpdyDataFrame(stream, Unpooled.wrappedBuffer(bytes));
        frame.setLast(last);
        channel.writeAndFlush(frame).syncUninterruptibly();
    }

    void ping(int id) {
        channel.writeAndFlush(new DefaultSpdyPingFrame(id));
    }

    void stopReading() {
        channel.config().setAutoRead(false);
    }

    byte[] bytes(int stream) {
        return received.get(stream).toByteArray();
    }

    String text(int stream) {
        return new String(bytes(stream), StandardCharsets.UTF_8);
    }

    boolean isEnded(int stream) {
        return ended.contains(stream);
    }

    /// By how much the server has enlarged the window; stream 0 is the session.
    int windowOf(int stream) {
        return windows.getOrDefault(stream, 0);
    }

    Set<Integer> pongs() {
        return pongs;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, Object message) {
        switch (message) {
            case HttpResponse head -> {
                if (head.status().code() == 101) {
                    context.pipeline().addAfter("http", "spdy", SpdySession.newCodec());
                    context.pipeline().remove("http");
                }
                response.complete(head);
            }
            case SpdyDataFrame data -> {
                received.get(data.streamId()).writeBytes(ByteBufUtil.getBytes(data.content()));
                if (data.isLast()) {
                    ended.add(data.streamId());
                }
            }
            case SpdyPingFrame ping -> pongs.add(ping.id());
            case SpdyWindowUpdateFrame update ->
                    windows.merge(update.streamId(), update.deltaWindowSize(), Integer::sum);
            case SpdyFrame _ -> {}
            default -> {}
        }
    }

    @Override
    public void close() {
        channel.close().syncUninterruptibly();
        group.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }
}
