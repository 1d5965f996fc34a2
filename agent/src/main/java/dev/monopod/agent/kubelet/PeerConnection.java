package dev.monopod.agent.kubelet;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/// One client's connection as blocking code sees it: writes wait while the client is slow, so that
/// what is unsent stays bounded, and reading pauses while someone has too much unread.
final class PeerConnection extends ChannelInboundHandlerAdapter {
    private static final Duration PING_INTERVAL = Duration.ofSeconds(10);
    private static final Duration LINGER = Duration.ofSeconds(10);

    private final Channel channel;
    private final Optional<String> machine;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private int pauses;
    private volatile long lastTrafficNanos = System.nanoTime();
    private volatile boolean authenticated;

    /// @param machine whose Node the client has connected to; empty: to the host itself
    PeerConnection(Channel channel, Optional<String> machine) {
        this.channel = channel;
        this.machine = machine;
    }

    Optional<String> machine() {
        return machine;
    }

    Channel channel() {
        return channel;
    }

    /// It is known who the client is.
    void noteAuthenticated() {
        authenticated = true;
    }

    boolean isAuthenticated() {
        return authenticated;
    }

    boolean isOpen() {
        return channel.isActive();
    }

    /// Sends, after having waited until the client has taken enough of what was sent before. Owns
    /// `message` from now on. Not for the event loop.
    void write(Object message) throws IOException {
        try {
            awaitWritable();
        } catch (IOException | RuntimeException e) {
            ReferenceCountUtil.release(message);
            throw e;
        }
        lastTrafficNanos = System.nanoTime();
        channel.writeAndFlush(message).addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
    }

    private void awaitWritable() throws IOException {
        lock.lock();
        try {
            while (channel.isActive() && !channel.isWritable()) {
                changed.await();
            }
        } catch (InterruptedException _) {
            throw interrupted();
        } finally {
            lock.unlock();
        }
        if (!channel.isActive()) {
            throw new IOException("the client has gone");
        }
    }

    static InterruptedIOException interrupted() {
        Thread.currentThread().interrupt();
        return new InterruptedIOException("interrupted");
    }

    /// Pauses reading until a matching [#resumeReading].
    void pauseReading() {
        changePauses(1);
    }

    void resumeReading() {
        changePauses(-1);
    }

    private void changePauses(int difference) {
        lock.lock();
        try {
            pauses += difference;
            channel.config().setAutoRead(pauses == 0);
        } finally {
            lock.unlock();
        }
    }

    void noteTraffic() {
        lastTrafficNanos = System.nanoTime();
    }

    /// Pings the client from now on, which finds a lost one even while reading is paused, and ends
    /// the connection after `idleTimeout` without traffic.
    void keepAlive(Supplier<Object> ping, Duration idleTimeout) {
        var task =
                channel.eventLoop()
                        .scheduleAtFixedRate(
                                () -> {
                                    if (System.nanoTime() - lastTrafficNanos
                                            > idleTimeout.toNanos()) {
                                        channel.close();
                                    } else if (channel.isWritable()) {
                                        channel.writeAndFlush(ping.get());
                                    }
                                },
                                PING_INTERVAL.toMillis(),
                                PING_INTERVAL.toMillis(),
                                TimeUnit.MILLISECONDS);
        channel.closeFuture().addListener(_ -> task.cancel(false));
    }

    /// Sends the last message and leaves the client some seconds to read and close: closing with
    /// unread input would make the kernel throw away what the client has not yet received.
    void closeAfter(Object lastMessage) {
        if (!channel.isActive()) {
            ReferenceCountUtil.release(lastMessage);
            return;
        }
        channel.writeAndFlush(lastMessage)
                .addListener(_ ->
                        channel.eventLoop()
                                .schedule(
                                        () -> channel.close(),
                                        LINGER.toMillis(),
                                        TimeUnit.MILLISECONDS));
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        wake();
        context.fireChannelWritabilityChanged();
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        wake();
        context.fireChannelInactive();
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ReferenceCountUtil.release(message);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        // Broken TLS, a reset connection or a malformed frame: nothing to be told to the client.
        context.close();
    }

    private void wake() {
        lock.lock();
        try {
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
