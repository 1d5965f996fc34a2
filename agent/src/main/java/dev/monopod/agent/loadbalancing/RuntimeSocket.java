package dev.monopod.agent.loadbalancing;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/// HAProxy's runtime socket: one command for each connection, since the answers to several can't be
/// told apart. Blocks; any thread.
final class RuntimeSocket {
    private static final int LARGEST_ANSWER_BYTES = 16 * 1024 * 1024;

    private final UnixDomainSocketAddress address;

    RuntimeSocket(Path socket) {
        this.address = UnixDomainSocketAddress.of(socket);
    }

    /// @return the answer without blank lines at its ends
    /// @throws IOException if HAProxy does not run, or goes away while it answers
    String ask(String command) throws IOException {
        try (var channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.connect(address);
            var bytes = ByteBuffer.wrap((command + "\n").getBytes(StandardCharsets.UTF_8));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            var answer = Channels.newInputStream(channel).readNBytes(LARGEST_ANSWER_BYTES);
            return new String(answer, StandardCharsets.UTF_8).strip();
        }
    }
}
