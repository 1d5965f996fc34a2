package dev.monopod.controller.serving;

import java.time.Duration;
import java.util.Map;

/// What clients of the JDK's HTTP servers may cost this process. These servers read it once, when
/// the first of them is made, and take no other way; so [#set] comes before that, and counts for
/// all.
public final class HttpServerLimits {
    /// From the acceptance of a connection, with its handshake, to the end of its first request;
    /// and of each further request from its beginning. Who says nothing is cut off then.
    static final Duration REQUEST = Duration.ofSeconds(10);

    /// Longer than the API server keeps a connection, so that a rare pod costs no handshake.
    private static final Duration IDLE = Duration.ofMinutes(2);

    static final int MOST_CONNECTIONS = 2000;

    private HttpServerLimits() {}

    public static void set() {
        Map.of(
                        "sun.net.httpserver.maxReqTime", Long.toString(REQUEST.toSeconds()),
                        "sun.net.httpserver.idleInterval", Long.toString(IDLE.toSeconds()),
                        // How often it looks whom to cut off, in milliseconds.
                        "sun.net.httpserver.clockTick", "1000",
                        // Of each server; further ones are closed at once.
                        "jdk.httpserver.maxConnections", Integer.toString(MOST_CONNECTIONS),
                        // Without it each answer waits 40 ms for the client's delayed
                        // acknowledgement.
                        "sun.net.httpserver.nodelay", "true")
                .forEach(System::setProperty);
    }
}
