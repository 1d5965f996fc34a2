package dev.monopod.host.guest;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Reads away what the guest still had to say to an earlier connection. The port between host and
/// guest knows no connections, so that would else reach the next one and break its framing. It
/// ends: without window updates, HTTP/2 lets the guest send only so much.
final class StaleOutput {
    private static final Logger LOG = LoggerFactory.getLogger(StaleOutput.class);
    private static final long SILENCE_MILLIS = 250;
    private static final long LONGEST_MILLIS = 5_000;

    private StaleOutput() {}

    static void discard(Path socket) {
        try (var channel = SocketChannel.open(StandardProtocolFamily.UNIX);
                var selector = Selector.open()) {
            channel.connect(UnixDomainSocketAddress.of(socket));
            channel.configureBlocking(false);
            channel.register(selector, SelectionKey.OP_READ);
            var buffer = ByteBuffer.allocate(1 << 16);
            var end = System.nanoTime() + LONGEST_MILLIS * 1_000_000;
            var discarded = 0L;
            while (System.nanoTime() - end < 0 && selector.select(SILENCE_MILLIS) > 0) {
                selector.selectedKeys().clear();
                var count = channel.read(buffer.clear());
                if (count < 0) {
                    break;
                }
                discarded += count;
            }
            if (discarded > 0) {
                LOG.debug("{}: discarded {} bytes of an earlier connection", socket, discarded);
            }
        } catch (IOException e) {
            // The connection that follows meets the same, and tells of it.
            LOG.debug("{}: {}", socket, e.toString());
        }
    }
}
