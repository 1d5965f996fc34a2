package dev.monopod.controller.patching;

import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/// How long a budget may refuse before that counts as a failed eviction: pods that were evicted
/// before need time to be made again elsewhere. By the steady clock. Owned by one thread.
final class Patience {
    static final Duration LIMIT = Duration.ofMinutes(5);

    private final Map<String, Instant> since = new HashMap<>();

    /// Notes a refusal.
    ///
    /// @return whether there is patience left with this group
    boolean left(String group, Candidate.Hope hope, Instant now) {
        if (hope == Candidate.Hope.NEVER) {
            return false;
        }
        var first = since.computeIfAbsent(group, _ -> now);
        return Duration.between(first, now).compareTo(LIMIT) < 0;
    }

    /// The budget has allowed one: it may allow the next.
    void renew(String group) {
        since.remove(group);
    }

    void keepOnly(Collection<String> groups) {
        since.keySet().retainAll(groups);
    }
}
