package dev.monopod.controller.machine;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/// Tells which hosts are lost: those of which the API server had nothing new for a time, at every
/// look of an unbroken row. Only this process' clock counts, from the first look of the row. So no
/// host is lost by a wrong clock of its own, by the deletion of a Host that its agent makes again,
/// nor by a time in which the API server, this process or the whole machine stood still. Owned by
/// one thread.
final class HostSightings {
    /// The usual time: as long as Kubernetes leaves pods on a node that it can't reach
    /// (`tolerationSeconds` 300), and longer than a host takes to start again.
    static final Duration LOST = Duration.ofMinutes(5);

    /// Looks further apart prove nothing of the time between them.
    static final Duration LONGEST_GAP = Duration.ofSeconds(30);

    /// A host that spoke within this time, by whosever clock, needs no look: two of its heartbeats.
    /// Any more, and Kubernetes' own eviction would begin (after 40 s and 300 s) before this ends,
    /// and delete the pods before they are told.
    private static final Duration FRESH = Duration.ofSeconds(20);

    private final Map<String, Sighting> sightings = new HashMap<>();
    private final Duration limit;

    HostSightings(Duration limit) {
        this.limit = limit;
    }

    /// @param heartbeat as found; empty if there is no Host
    /// @param since first look of the row that found it
    /// @param last last look of the row
    private record Sighting(Optional<String> heartbeat, Instant since, Instant last) {}

    /// Whether a heartbeat, from a cache or not, shows that the host lives.
    static boolean fresh(Instant heartbeat, Instant now) {
        return Duration.between(heartbeat, now).abs().compareTo(FRESH) < 0;
    }

    /// Notes what a look at the API server itself has found.
    ///
    /// @param heartbeat as the Host has it, or empty if there is no Host
    Verdict look(String host, Optional<String> heartbeat, Instant now) {
        var before = sightings.get(host);
        var since =
                before != null
                                && before.heartbeat().equals(heartbeat)
                                && Duration.between(before.last(), now).compareTo(LONGEST_GAP) <= 0
                        ? before.since()
                        : now;
        sightings.put(host, new Sighting(heartbeat, since, now));
        return Duration.between(since, now).compareTo(limit) >= 0 ? Verdict.LOST : Verdict.THERE;
    }

    /// Forgets rows that are broken anyway.
    void forgetBefore(Instant now) {
        sightings.values().removeIf(sighting -> sighting.last().isBefore(now.minus(LONGEST_GAP)));
    }

    /// What is known of a host.
    enum Verdict {
        /// It lives, or may live.
        THERE,
        /// Nobody has heard of it for the limit.
        LOST
    }
}
