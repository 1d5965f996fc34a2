package dev.monopod.host.image;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.util.Map;
import java.util.OptionalLong;

/// The body of one answer, as its headers frame it: by length, in chunks, or to the end of the
/// connection. One that is longer than it may be, or ends early, is an error.
final class HttpBody extends InputStream {
    private final InputStream in;
    private final boolean chunked;
    private final OptionalLong declared;
    private final long most;
    private Socket socket = new Socket();
    private long read;
    private long chunkLeft;
    private boolean begun;
    private boolean ended;

    private HttpBody(InputStream in, boolean chunked, OptionalLong declared, long most) {
        this.in = in;
        this.chunked = chunked;
        this.declared = declared;
        this.most = most;
    }

    static HttpBody of(InputStream in, Map<String, String> headers, long most) throws IOException {
        var encoding = headers.getOrDefault("transfer-encoding", "");
        if (!encoding.isEmpty() && !encoding.equalsIgnoreCase("chunked")) {
            throw new IOException("a transfer encoding that is not known");
        }
        var length = headers.get("content-length");
        if (length != null && !length.matches("[0-9]{1,15}")) {
            throw new IOException("a Content-Length that is no number");
        }
        return encoding.isEmpty() && length != null
                ? new HttpBody(in, false, OptionalLong.of(Long.parseLong(length)), most)
                : new HttpBody(in, !encoding.isEmpty(), OptionalLong.empty(), most);
    }

    private IOException tooLong() {
        return new IOException("more than the %d bytes that it may have".formatted(most));
    }

    /// How long it says that it is.
    OptionalLong declared() {
        return declared;
    }

    /// Closes the connection with the body.
    HttpBody closing(Socket with) {
        socket = with;
        return this;
    }

    @Override
    public int read() throws IOException {
        var one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        if (length == 0 || ended) {
            return ended ? -1 : 0;
        }
        if (declared.orElse(0) > most) {
            throw tooLong();
        }
        var left = left();
        if (left == 0) {
            ended = true;
            return -1;
        }
        var count = in.read(target, offset, (int) Math.min(length, left));
        if (count < 0) {
            ended = true;
            if (chunked || declared.isPresent()) {
                throw new IOException("the connection ended early");
            }
            return -1;
        }
        read += count;
        chunkLeft -= count;
        if (read > most) {
            throw tooLong();
        }
        return count;
    }

    /// How many bytes may come before the framing has the next say; 0 at the end.
    private long left() throws IOException {
        if (!chunked) {
            return declared.isPresent() ? declared.getAsLong() - read : Long.MAX_VALUE;
        }
        if (chunkLeft == 0) {
            if (begun && !RegistryHttp.line(in).isEmpty()) {
                throw new IOException("chunks that do not fit");
            }
            begun = true;
            var size = RegistryHttp.line(in).split(";", 2)[0].strip();
            if (!size.matches("[0-9a-fA-F]{1,15}")) {
                throw new IOException("a chunk whose length is no number");
            }
            chunkLeft = Long.parseLong(size, 16);
        }
        return chunkLeft;
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
