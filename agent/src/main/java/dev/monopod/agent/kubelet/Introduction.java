package dev.monopod.agent.kubelet;

import dev.monopod.kube.serving.ConnectionLimits;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLPeerUnverifiedException;

/// Ends a connection that has not said who its client is in time, be it silent, within TLS or
/// within a request. Event loop.
final class Introduction extends ChannelInboundHandlerAdapter {
    private final PeerConnection connection;
    private final ConnectionLimits.Place place;
    private final Duration limit;

    Introduction(PeerConnection connection, ConnectionLimits.Place place, Duration limit) {
        this.connection = connection;
        this.place = place;
        this.limit = limit;
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        context.executor()
                .schedule(
                        () -> {
                            if (!connection.isAuthenticated()) {
                                context.close();
                            }
                        },
                        limit.toMillis(),
                        TimeUnit.MILLISECONDS);
        context.fireChannelActive();
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event instanceof SslHandshakeCompletionEvent handshake
                && handshake.isSuccess()
                && hasCertificate(context)) {
            place.noteCertificate();
        }
        context.fireUserEventTriggered(event);
    }

    private static boolean hasCertificate(ChannelHandlerContext context) {
        try {
            var tls = context.pipeline().get(SslHandler.class);
            return tls != null && tls.engine().getSession().getPeerCertificates().length > 0;
        } catch (SSLPeerUnverifiedException _) {
            return false;
        }
    }
}
