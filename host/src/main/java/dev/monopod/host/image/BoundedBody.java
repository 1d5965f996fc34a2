package dev.monopod.host.image;

import java.io.IOException;
import java.io.InputStream;

/// The body of one answer, of so many bytes at most. One that is longer, or ends early, is an
/// error. Closing it closes the connection, however much is left.
final class BoundedBody extends InputStream {
    private final InputStream in;
    private final long declared;
    private final long most;
    private final Source source;
    private long read;

    /// Where it comes from.
    interface Source {
        void close();

        /// Why reading failed, in our own words.
        IOException told(IOException failure);
    }

    /// @param declared how long it says that it is, negative if it does not say
    BoundedBody(InputStream in, long declared, long most, Source source) {
        this.in = in;
        this.declared = declared;
        this.most = most;
        this.source = source;
    }

    @Override
    public int read() throws IOException {
        var one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        if (declared > most) {
            throw tooLong();
        }
        int count;
        try {
            count = in.read(target, offset, length);
        } catch (IOException e) {
            throw source.told(e);
        }
        read += Math.max(0, count);
        if (read > most) {
            throw tooLong();
        }
        return count;
    }

    private IOException tooLong() {
        return new IOException("more than the %d bytes that it may have".formatted(most));
    }

    @Override
    public void close() {
        source.close();
    }
}
