package dev.monopod.agent.kubelet;

import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.spdy.DefaultSpdyGoAwayFrame;
import io.netty.handler.codec.spdy.DefaultSpdyPingFrame;
import io.netty.handler.codec.spdy.DefaultSpdyRstStreamFrame;
import io.netty.handler.codec.spdy.DefaultSpdySynReplyFrame;
import io.netty.handler.codec.spdy.DefaultSpdyWindowUpdateFrame;
import io.netty.handler.codec.spdy.SpdyDataFrame;
import io.netty.handler.codec.spdy.SpdyFrame;
import io.netty.handler.codec.spdy.SpdyFrameCodec;
import io.netty.handler.codec.spdy.SpdyGoAwayFrame;
import io.netty.handler.codec.spdy.SpdyPingFrame;
import io.netty.handler.codec.spdy.SpdyRstStreamFrame;
import io.netty.handler.codec.spdy.SpdySessionStatus;
import io.netty.handler.codec.spdy.SpdyStreamStatus;
import io.netty.handler.codec.spdy.SpdySynStreamFrame;
import io.netty.handler.codec.spdy.SpdyVersion;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;

/// The server's side of a SPDY/3.1 connection, as far as Kubernetes uses it: the client opens
/// streams, each of which is accepted and carries bytes both ways.
///
/// The client's windows are not obeyed, since Go's peer never enlarges them; TCP holds back the
/// writer instead. Ours are enlarged as the input is read.
final class SpdySession extends SimpleChannelInboundHandler<SpdyFrame> {
    private static final int MAX_STREAMS = 1024;
    private static final int MAX_DATA_BYTES = 32 * 1024;
    private static final int MAX_HEADER_BYTES = 16 * 1024;
    private static final int WINDOW_UPDATE_BYTES = 32 * 1024;

    private final PeerConnection connection;
    private final Map<Integer, SpdyStream> streams = new ConcurrentHashMap<>();
    private final BlockingQueue<Optional<SpdyStream>> opened =
            new LinkedBlockingQueue<>(MAX_STREAMS + 1);
    private final AtomicInteger sessionConsumed = new AtomicInteger();
    private int lastStreamId;
    private int nextPing = 2;

    SpdySession(PeerConnection connection) {
        this.connection = connection;
    }

    /// Not Netty's SpdySessionHandler, which stops at the window that Go's peer never enlarges.
    static SpdyFrameCodec newCodec() {
        return new SpdyFrameCodec(
                SpdyVersion.SPDY_3_1, MAX_DATA_BYTES, MAX_HEADER_BYTES, 6, 15, 8, false);
    }

    PeerConnection connection() {
        return connection;
    }

    void begin(Duration idleTimeout) {
        connection.keepAlive(this::newPing, idleTimeout);
    }

    private DefaultSpdyPingFrame newPing() {
        var id = nextPing;
        nextPing = nextPing == Integer.MAX_VALUE - 1 ? 2 : nextPing + 2;
        return new DefaultSpdyPingFrame(id);
    }

    /// The next stream that the client opened; empty when it has gone, or after the timeout.
    Optional<SpdyStream> accept(Duration timeout) throws IOException {
        try {
            var next = opened.poll(timeout.toMillis(), TimeUnit.MILLISECONDS);
            return next == null ? Optional.empty() : next;
        } catch (InterruptedException _) {
            throw PeerConnection.interrupted();
        }
    }

    void forget(SpdyStream stream) {
        // Until the client has ended its side, its data must be known as belonging to a stream.
        if (stream.isInputEnded()) {
            streams.remove(stream.id());
        }
    }

    /// Ends all streams and says goodbye.
    void close() {
        streams.values().forEach(SpdyStream::close);
        connection.closeAfter(
                new DefaultSpdyGoAwayFrame(Math.max(lastStreamId, 0), SpdySessionStatus.OK));
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, SpdyFrame frame) {
        switch (frame) {
            case SpdySynStreamFrame syn -> open(context, syn);
            case SpdyDataFrame data -> receive(context, data);
            case SpdyRstStreamFrame reset -> {
                var stream = streams.remove(reset.streamId());
                if (stream != null) {
                    stream.fail(new IOException("the client has reset the stream"));
                }
            }
            case SpdyPingFrame ping -> {
                if (ping.id() % 2 != 0) {
                    context.writeAndFlush(new DefaultSpdyPingFrame(ping.id()));
                }
            }
            case SpdyGoAwayFrame _ -> {
                // No further streams; those that exist go on until the client closes.
                var _ = opened.offer(Optional.empty());
            }
            // SETTINGS, WINDOW_UPDATE and HEADERS change nothing here.
            default -> {}
        }
    }

    private void open(ChannelHandlerContext context, SpdySynStreamFrame syn) {
        connection.noteTraffic();
        var id = syn.streamId();
        if (syn.isInvalid() || syn.isTruncated() || id % 2 == 0 || id <= lastStreamId) {
            context.writeAndFlush(
                    new DefaultSpdyRstStreamFrame(id, SpdyStreamStatus.PROTOCOL_ERROR));
            return;
        }
        lastStreamId = id;
        if (streams.size() >= MAX_STREAMS) {
            context.writeAndFlush(
                    new DefaultSpdyRstStreamFrame(id, SpdyStreamStatus.REFUSED_STREAM));
            return;
        }
        var headers = new HashMap<String, String>();
        for (var header : syn.headers()) {
            headers.put(
                    header.getKey().toString().toLowerCase(Locale.ROOT),
                    header.getValue().toString());
        }
        var stream =
                new SpdyStream(id, headers, this, new ReceiveBuffer(connection, new Consumed(id)));
        streams.put(id, stream);
        context.writeAndFlush(replyTo(id, stream));
        if (syn.isLast()) {
            stream.receive(new byte[0], true);
        }
        if (!opened.offer(Optional.of(stream))) {
            context.close();
        }
    }

    // Netty leaves the block of no headers out, which Go's peer takes for a broken frame.
    private static DefaultSpdySynReplyFrame replyTo(int id, SpdyStream stream) {
        var reply = new DefaultSpdySynReplyFrame(id, false);
        reply.headers().set("streamtype", stream.type().isEmpty() ? "none" : stream.type());
        return reply;
    }

    private void receive(ChannelHandlerContext context, SpdyDataFrame data) {
        connection.noteTraffic();
        var stream = streams.get(data.streamId());
        if (stream == null) {
            context.writeAndFlush(
                    new DefaultSpdyRstStreamFrame(
                            data.streamId(), SpdyStreamStatus.INVALID_STREAM));
            return;
        }
        stream.receive(ByteBufUtil.getBytes(data.content()), data.isLast());
        if (data.isLast() && stream.isOutputEnded()) {
            streams.remove(stream.id());
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        var cause = new IOException("the client has gone");
        streams.values().forEach(stream -> stream.fail(cause));
        var _ = opened.offer(Optional.empty());
        context.fireChannelInactive();
    }

    /// Enlarges the client's windows by what has been read, in large steps.
    private final class Consumed implements IntConsumer {
        private final int id;
        private final AtomicInteger pending = new AtomicInteger();

        Consumed(int id) {
            this.id = id;
        }

        @Override
        public void accept(int bytes) {
            update(pending, id, bytes);
            update(sessionConsumed, 0, bytes);
        }

        private void update(AtomicInteger counter, int streamId, int bytes) {
            if (counter.addAndGet(bytes) >= WINDOW_UPDATE_BYTES && connection.isOpen()) {
                var size = counter.getAndSet(0);
                if (size > 0) {
                    connection
                            .channel()
                            .writeAndFlush(new DefaultSpdyWindowUpdateFrame(streamId, size));
                }
            }
        }
    }
}
