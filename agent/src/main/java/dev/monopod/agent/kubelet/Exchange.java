package dev.monopod.agent.kubelet;

import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.QueryStringDecoder;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/// One HTTP request and the means to answer it once. For one blocking thread.
final class Exchange {
    private static final int CHUNK_BYTES = 32 * 1024;
    private static final int MAX_PARAMETERS = 65_536;

    private final HttpRequest request;
    private final QueryStringDecoder uri;
    private final PeerConnection connection;
    private boolean answered;
    private boolean upgraded;

    Exchange(HttpRequest request, PeerConnection connection) {
        this.request = request;
        // A command may have many arguments, and any character.
        this.uri =
                new QueryStringDecoder(
                        request.uri(), StandardCharsets.UTF_8, true, MAX_PARAMETERS, true);
        this.connection = connection;
    }

    HttpRequest request() {
        return request;
    }

    PeerConnection connection() {
        return connection;
    }

    String path() {
        return uri.path();
    }

    List<String> parameters(String name) {
        return uri.parameters().getOrDefault(name, List.of());
    }

    Optional<String> parameter(String name) {
        return parameters(name).stream().findFirst().filter(value -> !value.isEmpty());
    }

    /// Whether one of these is there as 1 or true.
    boolean flag(String... names) {
        for (var name : names) {
            if (parameter(name)
                    .map(value -> value.equals("1") || value.equals("true"))
                    .orElse(false)) {
                return true;
            }
        }
        return false;
    }

    boolean isAnswered() {
        return answered;
    }

    /// The connection has left HTTP.
    boolean isUpgraded() {
        return upgraded;
    }

    void noteUpgrade() {
        answered = true;
        upgraded = true;
    }

    void respond(HttpResponseStatus status, String contentType, String body) throws IOException {
        var content = Unpooled.copiedBuffer(body, StandardCharsets.UTF_8);
        var response = new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, status, content);
        response.headers().set(HttpHeaderNames.CONTENT_TYPE, contentType);
        HttpUtil.setContentLength(response, content.readableBytes());
        if (!HttpUtil.isKeepAlive(request)) {
            response.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        }
        answered = true;
        connection.write(response);
    }

    void respondText(HttpResponseStatus status, String body) throws IOException {
        respond(status, "text/plain; charset=utf-8", body);
    }

    /// A body of unknown length; each write goes out at once. Nothing is sent before the first
    /// write or the close, so until then there can still be another answer.
    OutputStream chunkedBody(String contentType) {
        return new OutputStream() {
            private boolean closed;

            @Override
            public void write(int value) throws IOException {
                write(new byte[] {(byte) value}, 0, 1);
            }

            @Override
            public void write(byte[] bytes, int offset, int length) throws IOException {
                begin();
                for (var done = 0; done < length; done += CHUNK_BYTES) {
                    var part = Math.min(CHUNK_BYTES, length - done);
                    connection.write(
                            new DefaultHttpContent(
                                    Unpooled.copiedBuffer(bytes, offset + done, part)));
                }
            }

            @Override
            public void close() throws IOException {
                if (!closed) {
                    closed = true;
                    begin();
                    connection.write(LastHttpContent.EMPTY_LAST_CONTENT);
                }
            }

            private void begin() throws IOException {
                if (answered) {
                    return;
                }
                answered = true;
                var response = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK);
                response.headers().set(HttpHeaderNames.CONTENT_TYPE, contentType);
                response.headers().set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
                connection.write(response);
            }
        };
    }
}
