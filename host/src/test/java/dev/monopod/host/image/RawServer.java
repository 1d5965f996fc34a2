package dev.monopod.host.image;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/// Bytes that no proper server would send: each connection to a port of loopback is answered as the
/// test says, once the head of a request has come.
final class RawServer implements AutoCloseable {
    private final ServerSocket server;
    private final Answer answer;
    private final List<String> requests = new CopyOnWriteArrayList<>();
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();

    /// Writes to one connection, which is closed after that.
    @FunctionalInterface
    interface Answer {
        void write(OutputStream out) throws IOException;
    }

    private RawServer(ServerSocket server, Answer answer) {
        this.server = server;
        this.answer = answer;
    }

    static RawServer that(Answer answer) throws IOException {
        return that(new ServerSocket(0, 10, InetAddress.getLoopbackAddress()), answer);
    }

    static RawServer that(ServerSocket socket, Answer answer) {
        var server = new RawServer(socket, answer);
        Thread.ofVirtual().start(server::serve);
        return server;
    }

    /// Lines end as in HTTP.
    static RawServer saying(String... lines) throws IOException {
        var text = String.join("\r\n", lines);
        return that(out -> out.write(text.getBytes(StandardCharsets.ISO_8859_1)));
    }

    int port() {
        return server.getLocalPort();
    }

    String authority() {
        return "127.0.0.1:" + port();
    }

    /// The head of each request, one per connection.
    List<String> requests() {
        return requests;
    }

    private void serve() {
        while (!server.isClosed()) {
            try {
                var peer = server.accept();
                open.add(peer);
                Thread.ofVirtual().start(() -> answer(peer));
            } catch (IOException closed) {
                return;
            }
        }
    }

    private void answer(Socket peer) {
        try (peer) {
            requests.add(head(peer.getInputStream()));
            answer.write(peer.getOutputStream());
            peer.getOutputStream().flush();
        } catch (SocketException hungUp) {
            // As the test wants it.
            return;
        } catch (IOException e) {
            // A handshake that the other side gave up.
            return;
        } finally {
            open.remove(peer);
        }
    }

    private static String head(InputStream in) throws IOException {
        var head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            var c = in.read();
            if (c < 0) {
                break;
            }
            head.append((char) c);
        }
        return head.toString();
    }

    @Override
    public void close() throws IOException {
        server.close();
        for (var peer : open) {
            peer.close();
        }
    }
}
