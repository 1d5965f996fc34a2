package dev.monopod.agent.kubelet;

import dev.monopod.agent.kubelet.KubeletPods.StreamSession;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The streams of an exec or attach over SPDY: one of each kind that was asked for, and one for the
/// outcome.
final class SpdyStreams implements StreamPeer {
    private static final Logger LOG = LoggerFactory.getLogger(SpdyStreams.class);
    private static final Duration OPEN_TIMEOUT = Duration.ofSeconds(30);
    private static final String V4 = "v4.channel.k8s.io";
    private static final String V3 = "v3.channel.k8s.io";

    /// In the order of preference.
    private static final List<String> PROTOCOLS =
            List.of(V4, V3, "v2.channel.k8s.io", "channel.k8s.io");

    private final SpdySession session;
    private final StreamRequest request;
    private final boolean hasStatus;
    private final Map<String, SpdyStream> streams;

    private SpdyStreams(
            SpdySession session,
            StreamRequest request,
            boolean hasStatus,
            Map<String, SpdyStream> streams) {
        this.session = session;
        this.request = request;
        this.hasStatus = hasStatus;
        this.streams = Map.copyOf(streams);
    }

    /// Upgrades and waits until the client has opened its streams; empty if it does not.
    static Optional<StreamPeer> open(Exchange exchange, StreamRequest request, Duration idleTimeout)
            throws IOException {
        var protocol = negotiate(exchange, PROTOCOLS);
        var session = Upgrades.toSpdy(exchange, protocol);
        session.begin(idleTimeout);
        var version = protocol.orElse("");
        var resizes = request.tty() && (version.equals(V4) || version.equals(V3));
        var missing = expected(request, resizes);
        var streams = new HashMap<String, SpdyStream>();
        while (!missing.isEmpty()) {
            var next = session.accept(OPEN_TIMEOUT);
            if (next.isEmpty()) {
                LOG.debug("client did not open its streams {}", missing);
                session.close();
                return Optional.empty();
            }
            var stream = next.get();
            if (missing.remove(stream.type())) {
                streams.put(stream.type(), stream);
            } else {
                stream.reset();
            }
        }
        return Optional.of(new SpdyStreams(session, request, version.equals(V4), streams));
    }

    /// The first of ours that the client offers; empty if it offers nothing at all.
    static Optional<String> negotiate(Exchange exchange, List<String> supported)
            throws StreamException {
        var offered = Upgrades.values(exchange, Upgrades.STREAM_PROTOCOL_VERSION);
        if (offered.isEmpty()) {
            return Optional.empty();
        }
        var chosen = supported.stream().filter(offered::contains).findFirst();
        if (chosen.isEmpty()) {
            throw new StreamException(
                    403,
                    "unable to upgrade: unable to negotiate protocol: client supports "
                            + offered
                            + ", server accepts "
                            + supported);
        }
        return chosen;
    }

    private static Set<String> expected(StreamRequest request, boolean resizes) {
        var expected = new HashSet<>(Set.of("error"));
        if (request.stdin()) {
            expected.add("stdin");
        }
        if (request.stdout()) {
            expected.add("stdout");
        }
        if (request.stderr()) {
            expected.add("stderr");
        }
        if (resizes) {
            expected.add("resize");
        }
        return expected;
    }

    @Override
    public StreamSession session() {
        var resize = stream("resize");
        return new StreamSession(
                request.tty(),
                Optional.ofNullable(stream("stdin")).map(SpdyStream::input),
                output("stdout"),
                output("stderr"),
                resize == null ? Optional::empty : new TerminalSizeReader(resize.input()));
    }

    private Optional<OutputStream> output(String type) {
        return Optional.ofNullable(stream(type)).map(SpdyStream::output);
    }

    private @Nullable SpdyStream stream(String type) {
        return streams.get(type);
    }

    @Override
    public void finish(Outcome outcome) {
        var status = hasStatus ? outcome.json() : outcome.text();
        var error = stream("error");
        if (error != null && !status.isEmpty()) {
            try {
                error.output().write(status.getBytes(StandardCharsets.UTF_8));
            } catch (IOException e) {
                LOG.debug("client left before the end of its stream", e);
            }
        }
        session.close();
    }
}
