package dev.monopod.agent.kubelet;

import dev.monopod.agent.kubelet.KubeletPods.StreamSession;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketCloseStatus;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The streams of an exec or attach, multiplexed over WebSocket messages whose first byte is the
/// stream. v5 can close stdin; before that it ends with the connection only.
final class WebSocketStreams extends SimpleChannelInboundHandler<WebSocketFrame>
        implements StreamPeer {
    private static final Logger LOG = LoggerFactory.getLogger(WebSocketStreams.class);
    private static final int STDIN = 0;
    private static final int STDOUT = 1;
    private static final int STDERR = 2;
    private static final int ERROR = 3;
    private static final int RESIZE = 4;
    private static final int CLOSE = 255;
    private static final int CHUNK_BYTES = 32 * 1024;

    private final PeerConnection connection;
    private final StreamRequest request;
    private final Protocol protocol;
    private final ReceiveBuffer stdin;
    private final ReceiveBuffer resize;

    /// The dialects, in the order of preference.
    enum Protocol {
        V5("v5.channel.k8s.io"),
        V4("v4.channel.k8s.io"),
        V4_BASE64("v4.base64.channel.k8s.io"),
        V1("channel.k8s.io"),
        V1_BASE64("base64.channel.k8s.io");

        final String id;

        Protocol(String id) {
            this.id = id;
        }

        static Optional<Protocol> of(String id) {
            return List.of(values()).stream()
                    .filter(protocol -> protocol.id.equals(id))
                    .findFirst();
        }

        boolean isBase64() {
            return this == V4_BASE64 || this == V1_BASE64;
        }

        boolean hasStatus() {
            return this != V1 && this != V1_BASE64;
        }
    }

    WebSocketStreams(PeerConnection connection, StreamRequest request, Protocol protocol) {
        this.connection = connection;
        this.request = request;
        this.protocol = protocol;
        this.stdin = new ReceiveBuffer(connection, _ -> {});
        this.resize = new ReceiveBuffer(connection, _ -> {});
    }

    /// To be called once the handshake is done: keeps the connection alive and tells the client, by
    /// an empty message, that it is served.
    void begin(Duration idleTimeout) throws IOException {
        if (protocol == Protocol.V5 || protocol.hasStatus()) {
            connection.keepAlive(() -> new PingWebSocketFrame(Unpooled.EMPTY_BUFFER), idleTimeout);
        }
        var lowest = request.stdout() ? STDOUT : request.stderr() ? STDERR : ERROR;
        connection.write(frame(lowest, new byte[0], 0, 0));
    }

    @Override
    public StreamSession session() {
        return new StreamSession(
                request.tty(),
                request.stdin() ? Optional.of(stdin) : Optional.empty(),
                request.stdout() ? Optional.of(new Channel(STDOUT)) : Optional.empty(),
                request.stderr() ? Optional.of(new Channel(STDERR)) : Optional.empty(),
                new TerminalSizeReader(resize));
    }

    @Override
    public void finish(Outcome outcome) {
        stdin.close();
        resize.close();
        var status = protocol.hasStatus() ? outcome.json() : outcome.text();
        try {
            var bytes = status.getBytes(StandardCharsets.UTF_8);
            connection.write(frame(ERROR, bytes, 0, bytes.length));
            connection.closeAfter(new CloseWebSocketFrame(WebSocketCloseStatus.NORMAL_CLOSURE));
        } catch (IOException e) {
            LOG.debug("client left before the end of its stream", e);
        }
    }

    private WebSocketFrame frame(int stream, byte[] bytes, int offset, int length) {
        if (protocol.isBase64()) {
            var part = Unpooled.wrappedBuffer(bytes, offset, length);
            var encoded = Base64.getEncoder().encodeToString(ByteBufUtil.getBytes(part));
            return new TextWebSocketFrame((char) ('0' + stream) + encoded);
        }
        return new BinaryWebSocketFrame(
                Unpooled.buffer(length + 1).writeByte(stream).writeBytes(bytes, offset, length));
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, WebSocketFrame frame) {
        switch (frame) {
            case BinaryWebSocketFrame data -> receive(data.content());
            case TextWebSocketFrame data -> receive(data.content());
            case PingWebSocketFrame ping ->
                    context.writeAndFlush(new PongWebSocketFrame(ping.content().retain()));
            case CloseWebSocketFrame close -> {
                endInput(new IOException("the client has closed"));
                context.writeAndFlush(close.retain()).addListener(_ -> context.close());
            }
            default -> {}
        }
    }

    private void receive(ByteBuf content) {
        connection.noteTraffic();
        if (!content.isReadable()) {
            return;
        }
        int stream = content.readUnsignedByte();
        if (protocol == Protocol.V5 && stream == CLOSE) {
            if (content.isReadable() && content.readUnsignedByte() == STDIN) {
                stdin.end();
            }
            return;
        }
        var bytes = ByteBufUtil.getBytes(content);
        if (protocol.isBase64()) {
            stream -= '0';
            bytes = Base64.getDecoder().decode(bytes);
        }
        switch (stream) {
            case STDIN -> {
                if (request.stdin()) {
                    stdin.offer(bytes);
                }
            }
            case RESIZE -> resize.offer(bytes);
            default -> {}
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        endInput(new IOException("the client has gone"));
        context.fireChannelInactive();
    }

    private void endInput(IOException cause) {
        stdin.fail(cause);
        resize.fail(cause);
    }

    private final class Channel extends OutputStream {
        private final int stream;

        Channel(int stream) {
            this.stream = stream;
        }

        @Override
        public void write(int value) throws IOException {
            write(new byte[] {(byte) value}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            for (var done = 0; done < length; done += CHUNK_BYTES) {
                var part = Math.min(CHUNK_BYTES, length - done);
                connection.write(frame(stream, bytes, offset + done, part));
            }
        }
    }
}
