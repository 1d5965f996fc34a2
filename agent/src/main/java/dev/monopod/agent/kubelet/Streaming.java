package dev.monopod.agent.kubelet;

import dev.monopod.agent.kubelet.KubeletPods.StreamSession;
import io.netty.handler.codec.http.HttpHeaderNames;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Serves exec and attach over SPDY/3.1 and WebSocket.
final class Streaming {
    private static final Logger LOG = LoggerFactory.getLogger(Streaming.class);

    private final Duration idleTimeout;

    Streaming(Duration idleTimeout) {
        this.idleTimeout = idleTimeout;
    }

    /// What is done with the client's streams; returns the exit code.
    @FunctionalInterface
    interface Operation {
        int run(StreamSession session) throws IOException;
    }

    void serve(Exchange exchange, Operation operation) throws IOException {
        var request = StreamRequest.of(exchange);
        if (request.isEmpty()) {
            throw new StreamException(400, "you must specify at least 1 of stdin, stdout, stderr");
        }
        var peer = open(exchange, request);
        if (peer.isPresent()) {
            run(peer.get(), operation);
        }
    }

    private void run(StreamPeer peer, Operation operation) {
        Outcome outcome;
        try {
            outcome = new Outcome.Exited(operation.run(peer.session()));
        } catch (IOException e) {
            LOG.debug("stream failed", e);
            outcome = new Outcome.Failed(message(e));
        } catch (RuntimeException e) {
            LOG.warn("stream failed", e);
            outcome = new Outcome.Failed(message(e));
        }
        peer.finish(outcome);
    }

    static String message(Exception e) {
        return Optional.ofNullable(e.getMessage()).orElseGet(() -> e.getClass().getSimpleName());
    }

    private Optional<StreamPeer> open(Exchange exchange, StreamRequest request) throws IOException {
        if (Upgrades.isWebSocket(exchange)) {
            return Optional.of(openWebSocket(exchange, request));
        }
        if (Upgrades.isSpdy(exchange)) {
            return SpdyStreams.open(exchange, request, idleTimeout);
        }
        throw new StreamException(
                400, "unable to upgrade: the request has neither Upgrade: SPDY/3.1 nor websocket");
    }

    private StreamPeer openWebSocket(Exchange exchange, StreamRequest request) throws IOException {
        var offered = Upgrades.values(exchange, HttpHeaderNames.SEC_WEBSOCKET_PROTOCOL);
        var protocol =
                offered.isEmpty()
                        ? Optional.of(WebSocketStreams.Protocol.V1)
                        : offered.stream()
                                .map(WebSocketStreams.Protocol::of)
                                .flatMap(Optional::stream)
                                .findFirst();
        if (protocol.isEmpty()) {
            throw new StreamException(400, "none of the subprotocols is supported: " + offered);
        }
        var streams = new WebSocketStreams(exchange.connection(), request, protocol.get());
        Upgrades.toWebSocket(
                exchange,
                offered.isEmpty() ? Optional.empty() : Optional.of(protocol.get().id),
                List.of(streams));
        streams.begin(idleTimeout);
        return streams;
    }
}
