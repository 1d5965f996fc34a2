package dev.monopod.host.guest;

import io.grpc.netty.shaded.io.netty.channel.ChannelHandlerContext;
import io.grpc.netty.shaded.io.netty.channel.ChannelInboundHandlerAdapter;

/// Hangs up on a guest that makes the host answer, as each PING of HTTP/2 does, and never reads:
/// gRPC keeps such answers without end. What is sent on streams does not count, since of that no
/// more is written than the guest takes. Runs on the event loop, before all other handlers.
final class UnreadAnswers extends ChannelInboundHandlerAdapter {
    /// As netty counts, with about a hundred bytes for each frame: some ten thousand.
    static final long MOST_BYTES = 1 << 20;

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        var waiting = context.channel().unsafe().outboundBuffer();
        if (waiting != null && waiting.totalPendingWriteBytes() > MOST_BYTES) {
            context.close();
        }
        context.fireChannelRead(message);
    }
}
