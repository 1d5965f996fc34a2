package dev.monopod.host.image;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.ConnectionClosedException;
import org.apache.hc.core5.http.MessageConstraintException;
import org.apache.hc.core5.http.config.Http1Config;
import org.apache.hc.core5.http.impl.io.DefaultHttpResponseParser;
import org.apache.hc.core5.http.io.HttpMessageParser;

/// What is read for a status line and its headers. The parser takes a connection that ends among
/// them for their end, and bounds each line and their number only: here they must come whole, and
/// are bounded together.
final class AnswerHead extends FilterInputStream {
    private static final int MOST_BYTES = 64 << 10;

    private long left;

    private AnswerHead(InputStream in, long most) {
        super(in);
        this.left = most;
    }

    static HttpMessageParser<ClassicHttpResponse> parser(Http1Config config) {
        var parser = new DefaultHttpResponseParser(config);
        // A buffer full may be read ahead, of the body.
        var most = MOST_BYTES + config.getBufferSize();
        return (buffer, in) -> parser.parse(buffer, new AnswerHead(in, most));
    }

    @Override
    public int read() throws IOException {
        var one = new byte[1];
        read(one, 0, 1);
        return one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        var count = super.read(target, offset, length);
        if (count < 0) {
            throw new ConnectionClosedException("ended among the headers");
        }
        left -= count;
        if (left < 0) {
            throw new MessageConstraintException("headers are too long");
        }
        return count;
    }
}
