package dev.monopod.host.guest;

import io.grpc.netty.shaded.io.netty.buffer.ByteBufHolder;
import io.grpc.netty.shaded.io.netty.channel.ChannelHandlerContext;
import io.grpc.netty.shaded.io.netty.channel.ChannelOutboundHandlerAdapter;
import io.grpc.netty.shaded.io.netty.channel.ChannelPromise;

/// Sends what gRPC says of a stream in order, and at once. gRPC resets a stream that the guest has
/// ended while its client still sends; netty writes a reset before data that waits for its turn,
/// and takes the stream for open until the reset has left. A guest gives the whole connection up
/// for data behind a reset (RFC 9113, 5.1). Runs on the event loop, after all other handlers.
final class PromptResets extends ChannelOutboundHandlerAdapter {
    @Override
    public void write(ChannelHandlerContext context, Object command, ChannelPromise promise) {
        if (command instanceof ByteBufHolder) {
            context.write(command, promise);
            return;
        }
        // What waits goes first.
        context.flush();
        context.writeAndFlush(command, promise);
    }
}
