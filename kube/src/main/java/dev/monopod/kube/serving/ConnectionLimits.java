package dev.monopod.kube.serving;

import java.net.InetAddress;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/// Decides which connections are taken, so that no client keeps others out. An API server shows a
/// certificate, but only once its connection is there: so what is of this host, and an address that
/// has shown one within the hour, is no stranger from the beginning. Thread-safe.
public final class ConnectionLimits {
    private static final Duration REMEMBERED = Duration.ofHours(1);
    private static final int MOST_REMEMBERED = 1024;

    private final Bounds bounds;
    private final ExpiringCache<InetAddress, Boolean> certified;
    private final Map<InetAddress, Integer> strangersOfPeer = new HashMap<>();
    private int all;
    private int strangers;

    /// How many connections there may be at a time.
    ///
    /// @param connections of all clients together
    /// @param strangers of clients that are neither of this host nor have shown a certificate. Well
    ///   below `connections`, so that others find room
    /// @param ofOnePeer the same, for one address
    public record Bounds(int connections, int strangers, int ofOnePeer) {}

    public ConnectionLimits(Bounds bounds, Clock clock) {
        this.bounds = bounds;
        this.certified = new ExpiringCache<>(MOST_REMEMBERED, clock);
    }

    /// Takes a connection, or does not: then it is to be closed at once.
    ///
    /// @param local address of the connection's end here
    public synchronized Optional<Place> enter(InetAddress peer, InetAddress local) {
        if (all >= bounds.connections()) {
            return Optional.empty();
        }
        var stranger = !peer.equals(local) && certified.find(peer).isEmpty();
        if (stranger) {
            var others = strangersOfPeer.getOrDefault(peer, 0);
            if (others >= bounds.ofOnePeer() || strangers >= bounds.strangers()) {
                return Optional.empty();
            }
            strangersOfPeer.put(peer, others + 1);
            strangers++;
        }
        all++;
        return Optional.of(new Place(peer, stranger));
    }

    /// The place of one connection that was taken.
    public final class Place {
        private final InetAddress peer;
        private boolean stranger;

        private Place(InetAddress peer, boolean stranger) {
            this.peer = peer;
            this.stranger = stranger;
        }

        /// The client has a certificate that the server trusts.
        public void noteCertificate() {
            synchronized (ConnectionLimits.this) {
                certified.put(peer, true, REMEMBERED);
                introduce();
            }
        }

        /// Call once, at the end of the connection.
        public void leave() {
            synchronized (ConnectionLimits.this) {
                introduce();
                all--;
            }
        }

        private void introduce() {
            if (stranger) {
                stranger = false;
                strangers--;
                strangersOfPeer.computeIfPresent(peer, (_, count) -> count > 1 ? count - 1 : null);
            }
        }
    }
}
