package dev.monopod.host.image;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;

/// A proxy that connects every `CONNECT` with one port of loopback.
final class TunnelProxy implements AutoCloseable {
    private final ServerSocket server = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
    private final int target;
    private final Optional<String> basic;
    private final List<String> heads = new CopyOnWriteArrayList<>();

    /// @param basic what a caller has to show; empty: nothing
    TunnelProxy(int target, Optional<String> basic) throws IOException {
        this.target = target;
        this.basic = basic;
        Thread.ofVirtual().start(this::serve);
    }

    int port() {
        return server.getLocalPort();
    }

    List<String> heads() {
        return heads;
    }

    private void serve() {
        while (!server.isClosed()) {
            try {
                var caller = server.accept();
                Thread.ofVirtual().start(() -> connect(caller));
            } catch (IOException closed) {
                return;
            }
        }
    }

    private void connect(Socket caller) {
        try (caller) {
            var head = head(caller.getInputStream());
            while (basic.isPresent()
                    && !head.contains("Proxy-Authorization: Basic " + basic.get() + "\r\n")) {
                caller.getOutputStream()
                        .write(
                                "HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=\"p\"\r\nContent-Length: 0\r\n\r\n"
                                        .getBytes(ISO_8859_1));
                head = head(caller.getInputStream());
                if (head.isEmpty()) {
                    return;
                }
            }
            heads.add(head);
            try (var registry = new Socket(InetAddress.getLoopbackAddress(), target)) {
                caller.getOutputStream().write("HTTP/1.1 200 Go\r\n\r\n".getBytes(ISO_8859_1));
                var back = Thread.ofVirtual().start(() -> copy(registry, caller));
                copy(caller, registry);
                back.join();
            }
        } catch (IOException | InterruptedException gone) {
            // One side has enough.
            return;
        }
    }

    private static void copy(Socket from, Socket to) {
        try {
            from.getInputStream().transferTo(to.getOutputStream());
            to.shutdownOutput();
        } catch (IOException gone) {
            // The other side has enough.
            return;
        }
    }

    private static String head(InputStream in) throws IOException {
        var head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            var c = in.read();
            if (c < 0) {
                return "";
            }
            head.append((char) c);
        }
        return head.toString();
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
