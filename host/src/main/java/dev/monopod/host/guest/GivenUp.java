package dev.monopod.host.guest;

import io.grpc.netty.shaded.io.netty.buffer.ByteBuf;
import io.grpc.netty.shaded.io.netty.channel.ChannelHandlerContext;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2ConnectionAdapter;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2Error;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Hangs up on a guest that gives the connection up for an error. It can't hang up itself, as its
/// port stays open, so calls on this connection would wait for ever, and the next connection for
/// the end of this one. Runs on the event loop.
final class GivenUp extends Http2ConnectionAdapter {
    private static final Logger LOG = LoggerFactory.getLogger(GivenUp.class);

    private final ChannelHandlerContext socket;

    /// @param socket before all other handlers: gRPC's would wait for its streams to end
    GivenUp(ChannelHandlerContext socket) {
        this.socket = socket;
    }

    @Override
    public void onGoAwayReceived(int lastStreamId, long errorCode, ByteBuf debugData) {
        if (errorCode != Http2Error.NO_ERROR.code()) {
            // Who called tells of it, and not more often than it calls.
            LOG.debug(
                    "{}: the guest gives its connection up: HTTP/2 error {}",
                    socket.channel().remoteAddress(),
                    errorCode);
            socket.close();
        }
    }
}
