package dev.monopod.agent.kubelet;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Serves the requests of one connection, one after the other, each on a virtual thread that is
/// interrupted when the client leaves. Event loop, but for the service itself.
final class RequestHandler extends ChannelInboundHandlerAdapter {
    private static final int MAX_BODY_BYTES = 64 * 1024;
    private static final int IDLE_MINUTES = 3;

    private final PeerConnection connection;
    private final Service service;
    private @Nullable HttpRequest request;
    private int bodyBytes;
    private @Nullable Thread active;
    private int requestsSeen;

    /// Answers a request; blocks. Whatever it throws ends the connection.
    @FunctionalInterface
    interface Service {
        void serve(Exchange exchange) throws Exception;
    }

    RequestHandler(PeerConnection connection, Service service) {
        this.connection = connection;
        this.service = service;
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        closeIfIdle(context);
        context.fireChannelActive();
    }

    // A connection that makes no use of its keep-alive, or never sends a whole request.
    private void closeIfIdle(ChannelHandlerContext context) {
        var seen = requestsSeen;
        context.executor()
                .schedule(
                        () -> {
                            if (active == null && seen == requestsSeen) {
                                context.close();
                            }
                        },
                        IDLE_MINUTES,
                        TimeUnit.MINUTES);
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (message instanceof HttpRequest head) {
            // No pipelining: nobody who speaks to a kubelet does it.
            if (active != null || head.decoderResult().isFailure()) {
                ReferenceCountUtil.release(message);
                context.close();
                return;
            }
            request = head;
            bodyBytes = 0;
            if (HttpUtil.is100ContinueExpected(head)) {
                context.close();
                return;
            }
        }
        if (message instanceof HttpContent content) {
            bodyBytes += content.content().readableBytes();
            ReferenceCountUtil.release(message);
            if (bodyBytes > MAX_BODY_BYTES) {
                context.close();
            } else if (message instanceof LastHttpContent && request != null) {
                start(context, request);
                request = null;
            }
        } else if (!(message instanceof HttpRequest)) {
            context.fireChannelRead(message);
        }
    }

    private void start(ChannelHandlerContext context, HttpRequest head) {
        requestsSeen++;
        var exchange = new Exchange(head, connection);
        var thread =
                Thread.ofVirtual()
                        .name("kubelet-request")
                        .unstarted(() -> serve(context, exchange));
        active = thread;
        thread.start();
    }

    // Virtual thread.
    private void serve(ChannelHandlerContext context, Exchange exchange) {
        var complete = false;
        try {
            service.serve(exchange);
            complete = true;
        } catch (Exception _) {
            // The answer may be half sent: only the close that follows tells it.
        } finally {
            var reusable =
                    complete && exchange.isAnswered() && HttpUtil.isKeepAlive(exchange.request());
            try {
                context.executor().execute(() -> end(context, exchange, reusable));
            } catch (RejectedExecutionException _) {
                // The server has been closed, and the connection with it.
            }
        }
    }

    private void end(ChannelHandlerContext context, Exchange exchange, boolean reusable) {
        active = null;
        if (exchange.isUpgraded()) {
            return;
        }
        if (reusable) {
            closeIfIdle(context);
        } else {
            context.close();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        if (active != null) {
            active.interrupt();
        }
        context.fireChannelInactive();
    }
}
