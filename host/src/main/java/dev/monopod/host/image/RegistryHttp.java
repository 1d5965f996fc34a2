package dev.monopod.host.image;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;

/// One GET over a connection of its own (HTTP/1.1, RFC 9112). Java's client is not used, since it
/// resolves names itself, and so would connect to an address that nobody checked. Everything that
/// the other side sends is bounded, in length and in time, however slowly it comes.
final class RegistryHttp {
    private static final int LONGEST_LINE = 16 << 10;
    private static final int MOST_HEADER_BYTES = 64 << 10;
    private static final int HTTPS = 443;
    private static final int HTTP = 80;

    private final RegistryAddresses addresses;
    private final Patience patience;

    /// How long to wait.
    ///
    /// @param read for the next bytes
    /// @param answer for the status line and headers; a body may take as long again, and what it
    ///   takes at [#SLOWEST]
    record Patience(Duration connect, Duration read, Duration answer) {
        static final Patience USUAL =
                new Patience(
                        Duration.ofSeconds(10), Duration.ofSeconds(30), Duration.ofSeconds(30));
    }

    /// Bytes a second, below which a body is given up.
    private static final long SLOWEST = 32 << 10;

    RegistryHttp(RegistryAddresses addresses, Patience patience) {
        this.addresses = addresses;
        this.patience = patience;
    }

    /// What came back. Whoever has it closes the body.
    ///
    /// @param headers by lower-case name, the last of each
    record Answer(int status, Map<String, String> headers, InputStream body)
            implements AutoCloseable {
        Optional<String> header(String name) {
            return Optional.ofNullable(headers.get(name));
        }

        @Override
        public void close() throws IOException {
            body.close();
        }
    }

    /// @param mostBytes of the body: more are an error
    /// @param tls for this host
    Answer get(URI uri, Map<String, String> headers, long mostBytes, SSLSocketFactory tls)
            throws IOException {
        var secure = "https".equals(uri.getScheme());
        var host = uri.getHost();
        if (host == null
                || uri.getRawUserInfo() != null
                || !secure && !"http".equals(uri.getScheme())) {
            throw new IOException("no HTTP address");
        }
        var port = uri.getPort() >= 0 ? uri.getPort() : secure ? HTTPS : HTTP;
        var socket = connect(host, authority(uri), port);
        try {
            var deadline = new Deadline(patience.answer());
            if (secure) {
                socket = secured(socket, host, port, tls);
            }
            var in = new BufferedInputStream(new Timed(socket, deadline, patience.read()), 1 << 16);
            send(socket, uri, headers);
            return answer(in, socket, deadline, mostBytes);
        } catch (IOException | RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    /// `host[:port]`, the port left out where it is the scheme's own.
    static String authority(URI uri) {
        var usual = "https".equals(uri.getScheme()) ? HTTPS : HTTP;
        var port = uri.getPort() < 0 || uri.getPort() == usual ? "" : ":" + uri.getPort();
        return uri.getHost().toLowerCase(Locale.ROOT) + port;
    }

    private Socket connect(String host, String authority, int port) throws IOException {
        IOException trouble = new IOException("no address");
        for (var address : addresses.of(host.replaceAll("[\\[\\]]", ""), authority)) {
            try {
                return connect(address, port);
            } catch (IOException e) {
                trouble = e;
            }
        }
        throw trouble;
    }

    private Socket connect(InetAddress address, int port) throws IOException {
        var socket = new Socket();
        try {
            socket.connect(
                    new InetSocketAddress(address, port), (int) patience.connect().toMillis());
            return socket;
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    private SSLSocket secured(Socket plain, String host, int port, SSLSocketFactory tls)
            throws IOException {
        plain.setSoTimeout((int) patience.read().toMillis());
        var socket = (SSLSocket) tls.createSocket(plain, host, port, true);
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        socket.setSSLParameters(parameters);
        // Bytes that come one by one are each in time.
        var shaken = new CountDownLatch(1);
        Thread.ofVirtual().start(() -> closeLate(plain, shaken, patience.answer()));
        try {
            socket.startHandshake();
            return socket;
        } finally {
            shaken.countDown();
        }
    }

    private static void closeLate(Socket socket, CountDownLatch shaken, Duration patience) {
        try {
            if (!shaken.await(patience.toMillis(), TimeUnit.MILLISECONDS)) {
                socket.close();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void send(Socket socket, URI uri, Map<String, String> headers)
            throws IOException {
        var path = uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
        var request =
                new StringBuilder("GET ")
                        .append(path)
                        .append(uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery())
                        .append(" HTTP/1.1\r\nHost: ")
                        .append(authority(uri))
                        .append("\r\nUser-Agent: monopod\r\nConnection: close\r\n");
        headers.forEach((name, value) -> {
            if (value.chars().anyMatch(c -> c < ' ' || c > '~')) {
                throw new IllegalArgumentException(name + " holds characters that no header may");
            }
            request.append(name).append(": ").append(value).append("\r\n");
        });
        var out = socket.getOutputStream();
        out.write(request.append("\r\n").toString().getBytes(StandardCharsets.US_ASCII));
        out.flush();
    }

    private Answer answer(InputStream in, Socket socket, Deadline deadline, long mostBytes)
            throws IOException {
        int status;
        Map<String, String> headers;
        do {
            var line = line(in);
            if (!line.matches("HTTP/1\\.[01] [0-9]{3}( .*)?")) {
                throw new IOException("no answer of HTTP");
            }
            status = Integer.parseInt(line.substring(9, 12));
            headers = headers(in);
        } while (status >= 100 && status < 200);
        var body = HttpBody.of(in, headers, mostBytes);
        deadline.extend(
                patience.answer()
                        .plusSeconds(
                                Math.min(body.declared().orElse(mostBytes), mostBytes) / SLOWEST));
        return new Answer(status, headers, body.closing(socket));
    }

    private static Map<String, String> headers(InputStream in) throws IOException {
        var headers = new HashMap<String, String>();
        var bytes = 0;
        for (var line = line(in); !line.isEmpty(); line = line(in)) {
            bytes += line.length();
            var colon = line.indexOf(':');
            if (bytes > MOST_HEADER_BYTES || colon <= 0) {
                throw new IOException("headers that are too long or none of HTTP");
            }
            headers.put(
                    line.substring(0, colon).toLowerCase(Locale.ROOT),
                    line.substring(colon + 1).strip());
        }
        return headers;
    }

    /// Without its end.
    static String line(InputStream in) throws IOException {
        var line = new StringBuilder();
        for (var c = in.read(); c != '\n'; c = in.read()) {
            if (c < 0 || line.length() >= LONGEST_LINE) {
                throw new IOException(
                        c < 0
                                ? "the connection ended early"
                                : "a line of headers that is too long");
            }
            line.append((char) c);
        }
        return line.toString().stripTrailing();
    }

    private static final class Deadline {
        private long end;

        Deadline(Duration patience) {
            extend(patience);
        }

        void extend(Duration patience) {
            end = System.nanoTime() + patience.toNanos();
        }

        Duration left() {
            return Duration.ofNanos(end - System.nanoTime());
        }
    }

    /// A socket's bytes, until the deadline.
    private static final class Timed extends InputStream {
        private final Socket socket;
        private final InputStream in;
        private final Deadline deadline;
        private final Duration read;

        Timed(Socket socket, Deadline deadline, Duration read) throws IOException {
            this.socket = socket;
            this.in = socket.getInputStream();
            this.deadline = deadline;
            this.read = read;
        }

        @Override
        public int read() throws IOException {
            var one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            var left = deadline.left();
            if (!left.isPositive()) {
                throw new IOException("too slow");
            }
            var wait = left.compareTo(read) < 0 ? left : read;
            socket.setSoTimeout((int) Math.max(1, wait.toMillis()));
            try {
                return in.read(target, offset, length);
            } catch (SocketTimeoutException e) {
                throw new IOException(wait.equals(read) ? "no answer in time" : "too slow", e);
            }
        }
    }
}
