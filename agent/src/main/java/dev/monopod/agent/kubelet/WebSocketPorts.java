package dev.monopod.agent.kubelet;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketCloseStatus;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;

/// Port-forward as clients other than kubectl do it: one WebSocket for one connection to each port,
/// whose first byte is twice the port's index for data, and one more for an error. Each begins with
/// the port in little endian. There is no half-close.
final class WebSocketPorts extends SimpleChannelInboundHandler<WebSocketFrame> {
    static final String PROTOCOL = "v4.channel.k8s.io";
    private static final int MAX_PORTS = 100;
    private static final int CHUNK_BYTES = 32 * 1024;

    private final PeerConnection connection;
    private final List<Integer> ports;
    private final List<ReceiveBuffer> inputs;

    WebSocketPorts(PeerConnection connection, List<Integer> ports) {
        this.connection = connection;
        this.ports = List.copyOf(ports);
        this.inputs = ports.stream().map(_ -> new ReceiveBuffer(connection, _ -> {})).toList();
    }

    /// The ports of the query, which may be repeated and hold lists.
    static List<Integer> ports(Exchange exchange) throws StreamException {
        var ports = new ArrayList<Integer>();
        for (var parameter : exchange.parameters("port")) {
            for (var text : parameter.split(",")) {
                ports.add(PortForwarding.port(text));
            }
        }
        if (ports.isEmpty() || ports.size() > MAX_PORTS) {
            throw new StreamException(
                    400, "query parameter \"port\" must name 1 to " + MAX_PORTS + " ports");
        }
        return ports;
    }

    /// Returns when the connections to all ports have ended.
    void serve(PortForwarding.Operation operation, Duration idleTimeout) throws IOException {
        connection.keepAlive(() -> new PingWebSocketFrame(Unpooled.EMPTY_BUFFER), idleTimeout);
        for (var i = 0; i < ports.size(); i++) {
            int port = ports.get(i);
            var bytes = new byte[] {(byte) port, (byte) (port >> 8)};
            write(2 * i, bytes, 0, bytes.length);
            write(2 * i + 1, bytes, 0, bytes.length);
        }
        try (var forwards =
                Executors.newThreadPerTaskExecutor(
                        Thread.ofVirtual().name("kubelet-forward-", 0).factory())) {
            for (var i = 0; i < ports.size(); i++) {
                var index = i;
                forwards.execute(() -> forward(index, operation));
            }
        }
        connection.closeAfter(new CloseWebSocketFrame(WebSocketCloseStatus.NORMAL_CLOSURE));
    }

    private void forward(int index, PortForwarding.Operation operation) {
        try (var input = inputs.get(index)) {
            operation.run(ports.get(index), input, new Output(index));
        } catch (IOException | RuntimeException e) {
            var message = PortForwarding.message(e).getBytes(StandardCharsets.UTF_8);
            try {
                write(2 * index + 1, message, 0, message.length);
            } catch (IOException _) {
                // The client has gone and needs no message.
            }
        }
    }

    private void write(int stream, byte[] bytes, int offset, int length) throws IOException {
        connection.write(
                new BinaryWebSocketFrame(
                        Unpooled.buffer(length + 1)
                                .writeByte(stream)
                                .writeBytes(bytes, offset, length)));
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, WebSocketFrame frame) {
        switch (frame) {
            case BinaryWebSocketFrame data -> receive(data.content());
            case PingWebSocketFrame ping ->
                    context.writeAndFlush(new PongWebSocketFrame(ping.content().retain()));
            case CloseWebSocketFrame close ->
                    context.writeAndFlush(close.retain()).addListener(_ -> context.close());
            default -> {}
        }
    }

    private void receive(ByteBuf content) {
        connection.noteTraffic();
        if (!content.isReadable()) {
            return;
        }
        int stream = content.readUnsignedByte();
        if (stream % 2 == 0 && stream / 2 < inputs.size()) {
            inputs.get(stream / 2).offer(ByteBufUtil.getBytes(content));
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        var cause = new IOException("the client has gone");
        inputs.forEach(input -> input.fail(cause));
        context.fireChannelInactive();
    }

    private final class Output extends OutputStream {
        private final int index;

        Output(int index) {
            this.index = index;
        }

        @Override
        public void write(int value) throws IOException {
            write(new byte[] {(byte) value}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            for (var done = 0; done < length; done += CHUNK_BYTES) {
                var part = Math.min(CHUNK_BYTES, length - done);
                WebSocketPorts.this.write(2 * index, bytes, offset + done, part);
            }
        }

        // The client cannot be told that nothing more comes, hence would never end its side.
        @Override
        public void close() {
            inputs.get(index).end();
        }
    }
}
