package dev.monopod.agent.kubelet;

import io.netty.buffer.Unpooled;
import io.netty.handler.codec.spdy.DefaultSpdyDataFrame;
import io.netty.handler.codec.spdy.DefaultSpdyRstStreamFrame;
import io.netty.handler.codec.spdy.SpdyStreamStatus;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Map;
import java.util.Optional;

/// One stream that the client opened. Input and output end independently of each other.
final class SpdyStream {
    private static final int CHUNK_BYTES = 32 * 1024;

    private final int id;
    private final Map<String, String> headers;
    private final SpdySession session;
    private final ReceiveBuffer input;
    private final OutputStream output = new Output();
    private volatile boolean outputEnded;
    private volatile boolean inputEnded;

    SpdyStream(int id, Map<String, String> headers, SpdySession session, ReceiveBuffer input) {
        this.id = id;
        this.headers = Map.copyOf(headers);
        this.session = session;
        this.input = input;
    }

    int id() {
        return id;
    }

    Optional<String> header(String name) {
        return Optional.ofNullable(headers.get(name));
    }

    String type() {
        return header("streamtype").orElse("");
    }

    InputStream input() {
        return input;
    }

    /// Closing it tells the client that no more will come.
    OutputStream output() {
        return output;
    }

    /// Ends both directions and forgets the stream. What the client still sends is discarded.
    void close() {
        input.close();
        try {
            output.close();
        } catch (IOException _) {
            // The client has gone, hence needs no end of stream.
        }
        session.forget(this);
    }

    /// Ends both directions at once, with an error.
    void reset() throws IOException {
        outputEnded = true;
        input.close();
        session.forget(this);
        session.connection()
                .write(new DefaultSpdyRstStreamFrame(id, SpdyStreamStatus.INTERNAL_ERROR));
    }

    // Event loop.
    void receive(byte[] bytes, boolean last) {
        input.offer(bytes);
        if (last) {
            inputEnded = true;
            input.end();
        }
    }

    // Event loop.
    void fail(IOException cause) {
        outputEnded = true;
        inputEnded = true;
        input.fail(cause);
    }

    /// The client has ended its side.
    boolean isInputEnded() {
        return inputEnded;
    }

    /// We have ended our side.
    boolean isOutputEnded() {
        return outputEnded;
    }

    private final class Output extends OutputStream {
        @Override
        public void write(int value) throws IOException {
            write(new byte[] {(byte) value}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            for (var done = 0; done < length; done += CHUNK_BYTES) {
                if (outputEnded) {
                    throw new IOException("the stream is closed");
                }
                var part = Math.min(CHUNK_BYTES, length - done);
                session.connection()
                        .write(
                                new DefaultSpdyDataFrame(
                                        id, Unpooled.copiedBuffer(bytes, offset + done, part)));
            }
        }

        @Override
        public void close() throws IOException {
            if (!outputEnded) {
                outputEnded = true;
                var end = new DefaultSpdyDataFrame(id);
                end.setLast(true);
                session.connection().write(end);
            }
        }
    }
}
