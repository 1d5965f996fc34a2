package dev.monopod.agent.kubelet;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.MessageToMessageCodec;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Serves port-forward over SPDY/3.1, and over SPDY frames in WebSocket messages. Each connection
/// that a client's user makes is a pair of streams, one for data and one for an error.
final class PortForwarding {
    private static final Logger LOG = LoggerFactory.getLogger(PortForwarding.class);
    private static final String PROTOCOL = "portforward.k8s.io";
    private static final String TUNNEL = "SPDY/3.1+portforward.k8s.io";
    private static final Duration ACCEPT_INTERVAL = Duration.ofMinutes(1);

    private final Duration idleTimeout;

    PortForwarding(Duration idleTimeout) {
        this.idleTimeout = idleTimeout;
    }

    /// Joins a client's connection to a port of the pod; returns when both directions have ended.
    @FunctionalInterface
    interface Operation {
        void run(int port, InputStream input, OutputStream output) throws IOException;
    }

    void serve(Exchange exchange, Operation operation) throws IOException {
        var offered = Upgrades.values(exchange, HttpHeaderNames.SEC_WEBSOCKET_PROTOCOL);
        if (Upgrades.isWebSocket(exchange) && !offered.contains(TUNNEL)) {
            servePorts(exchange, offered, operation);
            return;
        }
        var session = open(exchange);
        session.begin(idleTimeout);
        var halves = new HashMap<String, SpdyStream>();
        try (var forwards =
                Executors.newThreadPerTaskExecutor(
                        Thread.ofVirtual().name("kubelet-forward-", 0).factory())) {
            while (exchange.connection().isOpen()) {
                var next = session.accept(ACCEPT_INTERVAL);
                if (next.isEmpty()) {
                    continue;
                }
                var stream = next.get();
                var other = halves.remove(requestId(stream));
                if (other == null) {
                    halves.put(requestId(stream), stream);
                } else {
                    var isData = stream.type().equals("data");
                    var data = isData ? stream : other;
                    var error = isData ? other : stream;
                    forwards.execute(() -> forward(data, error, operation));
                }
            }
            forwards.shutdownNow();
        } finally {
            session.close();
        }
    }

    // Old clients send no identifier, and open the data stream right after the error stream.
    private static String requestId(SpdyStream stream) {
        return stream.header("requestid")
                .orElseGet(() ->
                        Integer.toString(
                                stream.type().equals("error") ? stream.id() : stream.id() - 2));
    }

    private static void forward(SpdyStream data, SpdyStream error, Operation operation) {
        try {
            operation.run(port(data.header("port").orElse("")), data.input(), data.output());
        } catch (IOException | RuntimeException e) {
            LOG.debug("port-forward failed", e);
            var message = message(e);
            try {
                error.output().write(message.getBytes(StandardCharsets.UTF_8));
            } catch (IOException _) {
                // The client has gone and needs no message.
            }
        } finally {
            data.close();
            error.close();
        }
    }

    static String message(Exception e) {
        return "error forwarding port: " + Streaming.message(e);
    }

    static int port(String text) throws StreamException {
        try {
            var port = Integer.parseInt(text);
            if (port > 0 && port < 65536) {
                return port;
            }
        } catch (NumberFormatException _) {
            // Told below, like a number out of range.
        }
        throw new StreamException(400, "unable to parse \"" + text + "\" as a port");
    }

    private void servePorts(Exchange exchange, List<String> offered, Operation operation)
            throws IOException {
        if (!offered.isEmpty() && !offered.contains(WebSocketPorts.PROTOCOL)) {
            throw new StreamException(400, "none of the subprotocols is supported: " + offered);
        }
        var streams = new WebSocketPorts(exchange.connection(), WebSocketPorts.ports(exchange));
        Upgrades.toWebSocket(
                exchange,
                offered.isEmpty() ? Optional.empty() : Optional.of(WebSocketPorts.PROTOCOL),
                List.of(streams));
        streams.serve(operation, idleTimeout);
    }

    private static SpdySession open(Exchange exchange) throws IOException {
        if (Upgrades.isSpdy(exchange)) {
            return Upgrades.toSpdy(exchange, SpdyStreams.negotiate(exchange, List.of(PROTOCOL)));
        }
        if (!Upgrades.isWebSocket(exchange)) {
            throw new StreamException(
                    400,
                    "unable to upgrade: the request has neither Upgrade: SPDY/3.1 nor websocket");
        }
        var session = new SpdySession(exchange.connection());
        Upgrades.toWebSocket(
                exchange,
                Optional.of(TUNNEL),
                List.of(new Tunnel(), SpdySession.newCodec(), session));
        return session;
    }

    /// Takes SPDY frames' bytes out of WebSocket messages and puts them into some.
    private static final class Tunnel extends MessageToMessageCodec<WebSocketFrame, ByteBuf> {
        Tunnel() {
            super(WebSocketFrame.class, ByteBuf.class);
        }

        @Override
        protected void encode(ChannelHandlerContext context, ByteBuf bytes, List<Object> out) {
            if (bytes.isReadable()) {
                out.add(new BinaryWebSocketFrame(bytes.retain()));
            }
        }

        @Override
        protected void decode(
                ChannelHandlerContext context, WebSocketFrame frame, List<Object> out) {
            switch (frame) {
                case BinaryWebSocketFrame data -> out.add(data.content().retain());
                case PingWebSocketFrame ping ->
                        context.writeAndFlush(new PongWebSocketFrame(ping.content().retain()));
                case CloseWebSocketFrame close ->
                        context.writeAndFlush(close.retain()).addListener(_ -> context.close());
                default -> {}
            }
        }
    }
}
