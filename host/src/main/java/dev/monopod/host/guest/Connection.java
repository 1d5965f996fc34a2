package dev.monopod.host.guest;

import io.grpc.netty.shaded.io.netty.channel.Channel;
import io.grpc.netty.shaded.io.netty.channel.ChannelHandlerContext;
import io.grpc.netty.shaded.io.netty.channel.ChannelInboundHandlerAdapter;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollDomainSocketChannel;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2Exception;

/// What the host's end of a connection does beside what gRPC does. Runs on the event loop.
///
/// It opens the connection's window much further than a stream's. gRPC makes both the same, and
/// what a stream has received and nobody takes counts against both: one client that does not read
/// would stop all that a guest says, probes and logs too.
final class Connection extends ChannelInboundHandlerAdapter {
    /// What a guest may send ahead on one stream.
    static final int STREAM_BYTES = 64 << 10;

    /// Streams that may be left unread before the connection stops.
    private static final int STREAMS = 256;

    private Connection() {}

    /// A channel to a unix socket.
    static Channel channel() {
        var channel = new EpollDomainSocketChannel();
        channel.pipeline().addLast(new UnreadAnswers(), new Connection());
        return channel;
    }

    @Override
    public void channelActive(ChannelHandlerContext context) throws Http2Exception {
        // gRPC's handler takes its place and sends its own window meanwhile.
        context.fireChannelActive();
        var http2 = context.pipeline().get(Http2ConnectionHandler.class);
        if (http2 == null) {
            throw new IllegalStateException("gRPC has not taken the connection over");
        }
        var connection = http2.connection();
        connection
                .local()
                .flowController()
                .incrementWindowSize(connection.connectionStream(), (STREAMS - 1) * STREAM_BYTES);
        context.flush();
        connection.addListener(new GivenUp(context.pipeline().firstContext()));
        context.pipeline().addLast(new PromptResets());
        context.pipeline().remove(this);
    }
}
