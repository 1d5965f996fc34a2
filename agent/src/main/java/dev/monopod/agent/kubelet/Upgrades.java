package dev.monopod.agent.kubelet;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.websocketx.WebSocketDecoderConfig;
import io.netty.handler.codec.http.websocketx.WebSocketFrameAggregator;
import io.netty.handler.codec.http.websocketx.WebSocketServerHandshakerFactory;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;

/// Turns an HTTP connection into a SPDY or WebSocket one. Blocks until the client can be spoken to
/// in the new protocol.
final class Upgrades {
    static final String STREAM_PROTOCOL_VERSION = "X-Stream-Protocol-Version";
    private static final int MAX_MESSAGE_BYTES = 1024 * 1024;

    private Upgrades() {}

    static boolean isSpdy(Exchange exchange) {
        return isUpgradeTo(exchange, "SPDY/3.1");
    }

    static boolean isWebSocket(Exchange exchange) {
        return isUpgradeTo(exchange, "websocket");
    }

    private static boolean isUpgradeTo(Exchange exchange, String protocol) {
        var headers = exchange.request().headers();
        return headers.containsValue(HttpHeaderNames.CONNECTION, HttpHeaderValues.UPGRADE, true)
                && headers.containsValue(HttpHeaderNames.UPGRADE, protocol, true);
    }

    /// The values of a header that may be repeated and may hold lists.
    static List<String> values(Exchange exchange, CharSequence name) {
        var values = new ArrayList<String>();
        for (var header : exchange.request().headers().getAll(name)) {
            for (var value : header.split(",")) {
                if (!value.isBlank()) {
                    values.add(value.strip());
                }
            }
        }
        return values;
    }

    /// @param subprotocol what both sides speak in the streams, if the client named any
    static SpdySession toSpdy(Exchange exchange, Optional<String> subprotocol) throws IOException {
        var session = new SpdySession(exchange.connection());
        var response =
                new DefaultFullHttpResponse(
                        HttpVersion.HTTP_1_1, HttpResponseStatus.SWITCHING_PROTOCOLS);
        response.headers()
                .set(HttpHeaderNames.CONNECTION, HttpHeaderValues.UPGRADE)
                .set(HttpHeaderNames.UPGRADE, "SPDY/3.1");
        subprotocol.ifPresent(value -> response.headers().set(STREAM_PROTOCOL_VERSION, value));
        var pipeline = exchange.connection().channel().pipeline();
        exchange.noteUpgrade();
        onEventLoop(
                exchange,
                () -> {
                    var written = pipeline.writeAndFlush(response);
                    var http = pipeline.context(HttpServerCodec.class).name();
                    pipeline.addAfter(http, "spdy-session", session);
                    pipeline.addAfter(http, "spdy", SpdySession.newCodec());
                    pipeline.remove(http);
                    return written;
                });
        return session;
    }

    /// @param handlers that take the WebSocket frames, in the order in which they receive
    static void toWebSocket(
            Exchange exchange, Optional<String> subprotocol, List<ChannelHandler> handlers)
            throws IOException {
        var configuration =
                WebSocketDecoderConfig.newBuilder()
                        .maxFramePayloadLength(MAX_MESSAGE_BYTES)
                        .allowExtensions(false)
                        .build();
        var request =
                new DefaultFullHttpRequest(
                        HttpVersion.HTTP_1_1,
                        exchange.request().method(),
                        exchange.request().uri(),
                        Unpooled.EMPTY_BUFFER,
                        exchange.request().headers(),
                        exchange.request().headers());
        var handshaker =
                new WebSocketServerHandshakerFactory("", subprotocol.orElse(null), configuration)
                        .newHandshaker(request);
        if (handshaker == null) {
            throw new StreamException(400, "only WebSocket version 13 is supported");
        }
        var channel = exchange.connection().channel();
        exchange.noteUpgrade();
        onEventLoop(
                exchange,
                () -> {
                    var http = channel.pipeline().context(HttpServerCodec.class).name();
                    var written = handshaker.handshake(channel, request);
                    // The codec goes once the answer is written, which may be at once.
                    var anchor = "wsdecoder";
                    if (channel.pipeline().context(http) != null) {
                        anchor = http;
                    }
                    for (var handler : handlers.reversed()) {
                        channel.pipeline().addAfter(anchor, null, handler);
                    }
                    channel.pipeline()
                            .addAfter(
                                    anchor, null, new WebSocketFrameAggregator(MAX_MESSAGE_BYTES));
                    return written;
                });
    }

    private static void onEventLoop(Exchange exchange, Callable<ChannelFuture> change)
            throws IOException {
        var loop = exchange.connection().channel().eventLoop();
        try {
            loop.submit(change).sync().getNow().sync();
        } catch (InterruptedException _) {
            throw PeerConnection.interrupted();
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            // Netty throws what happened in the event loop as it is.
            throw new IOException(e);
        }
    }
}
