package dev.monopod.agent.pod.volume;

import dev.monopod.agent.pod.api.ConfigSource;
import dev.monopod.agent.pod.api.ConfigSource.Token;
import dev.monopod.model.time.Clocks;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// Service account tokens of one pod, kept until 80 % of their life is over (or a day has passed),
/// as the kubelet does. Its life is what was asked for, or what is left of it by the wall clock if
/// that is less: one that is wrong makes no token last longer, and one that says that it is over is
/// not believed.
public final class TokenVolumes {
    private static final Duration LONGEST_USE = Duration.ofHours(24);

    private record Key(String audience, long seconds) {}

    /// @param due when another one is asked for, by the steady clock
    private record Held(Token token, Instant due) {}

    private final ConfigSource source;
    private final Clocks clocks;
    private final Map<Key, Held> held = new ConcurrentHashMap<>();

    public TokenVolumes(ConfigSource source, Clocks clocks) {
        this.source = source;
        this.clocks = clocks;
    }

    /// @param audience empty: the API server's
    public String token(Pod pod, String audience, long expirationSeconds) {
        var key = new Key(audience, expirationSeconds);
        var known = held.get(key);
        if (known != null && !clocks.steady().instant().isAfter(known.due())) {
            return known.token().value();
        }
        var fresh = source.token(pod, audience, expirationSeconds);
        held.put(key, new Held(fresh, due(fresh, expirationSeconds)));
        return fresh.value();
    }

    private Instant due(Token token, long askedSeconds) {
        var now = clocks.now();
        var asked = Duration.ofSeconds(askedSeconds);
        var left = Duration.between(now.wall(), token.expires());
        var life = left.isPositive() && left.compareTo(asked) < 0 ? left : asked;
        var use = life.multipliedBy(8).dividedBy(10);
        return now.steady().plus(use.compareTo(LONGEST_USE) < 0 ? use : LONGEST_USE);
    }
}
