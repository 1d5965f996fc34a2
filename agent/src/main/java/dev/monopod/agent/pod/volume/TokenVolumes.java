package dev.monopod.agent.pod.volume;

import dev.monopod.agent.pod.api.ConfigSource;
import dev.monopod.agent.pod.api.ConfigSource.Token;
import dev.monopod.model.time.Clocks;
import dev.monopod.model.time.Moment;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Service account tokens of one pod, kept until 80 % of their life is over (or a day has passed),
/// as the kubelet does. Its life is what was asked for, or what is left of it by the wall clock if
/// that is less: one that is wrong makes no token last longer, and one that says that it is over is
/// not believed.
public final class TokenVolumes {
    private static final Logger LOG = LoggerFactory.getLogger(TokenVolumes.class);
    private static final Duration LONGEST_USE = Duration.ofHours(24);

    private record Key(String audience, long seconds) {}

    /// @param due when another one is asked for: by whichever clock comes first, since the steady
    ///   one stands still while the host is suspended
    private record Held(Token token, Moment due) {
        boolean isDue(Moment now) {
            return now.steady().isAfter(due.steady()) || now.wall().isAfter(due.wall());
        }
    }

    private final ConfigSource source;
    private final Clocks clocks;
    private final Map<Key, Held> held = new ConcurrentHashMap<>();

    public TokenVolumes(ConfigSource source, Clocks clocks) {
        this.source = source;
        this.clocks = clocks;
    }

    /// One that can't be renewed is used for as long as it lasts, and asked for anew at each call.
    ///
    /// @param audience empty: the API server's
    /// @throws RuntimeException when there is none that lasts
    public String token(Pod pod, String audience, long expirationSeconds) {
        var key = new Key(audience, expirationSeconds);
        @Nullable Held known = held.get(key);
        if (known != null && !known.isDue(clocks.now())) {
            return known.token().value();
        }
        try {
            var fresh = source.token(pod, audience, expirationSeconds);
            held.put(key, new Held(fresh, due(fresh, expirationSeconds)));
            return fresh.value();
        } catch (RuntimeException e) {
            if (known == null || !clocks.wall().instant().isBefore(known.token().expires())) {
                throw e;
            }
            LOG.warn(
                    "{}/{}: failed to renew its service account token, which lasts until {}: {}",
                    pod.getMetadata().getNamespace(),
                    pod.getMetadata().getName(),
                    known.token().expires(),
                    e.toString());
            return known.token().value();
        }
    }

    private Moment due(Token token, long askedSeconds) {
        var now = clocks.now();
        var asked = Duration.ofSeconds(askedSeconds);
        var left = Duration.between(now.wall(), token.expires());
        var life = left.isPositive() && left.compareTo(asked) < 0 ? left : asked;
        var most = life.multipliedBy(8).dividedBy(10);
        var use = most.compareTo(LONGEST_USE) < 0 ? most : LONGEST_USE;
        return new Moment(now.wall().plus(use), now.steady().plus(use));
    }
}
