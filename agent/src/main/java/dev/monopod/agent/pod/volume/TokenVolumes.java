package dev.monopod.agent.pod.volume;

import dev.monopod.agent.pod.api.ConfigSource;
import dev.monopod.agent.pod.api.ConfigSource.Token;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Service account tokens of one pod, kept until 80 % of their life is over (or a day has passed),
/// as the kubelet does.
public final class TokenVolumes {
    private static final Logger LOG = LoggerFactory.getLogger(TokenVolumes.class);
    private static final Duration LONGEST_USE = Duration.ofHours(24);

    private record Key(String audience, long seconds) {}

    private record Held(Token token, Instant obtained) {}

    private final ConfigSource source;
    private final Clock clock;
    private final Map<Key, Held> held = new ConcurrentHashMap<>();

    public TokenVolumes(ConfigSource source, Clock clock) {
        this.source = source;
        this.clock = clock;
    }

    /// One that can't be renewed is used for as long as it lasts, and asked for anew at each call.
    ///
    /// @param audience empty: the API server's
    /// @throws RuntimeException when there is none that lasts
    public String token(Pod pod, String audience, long expirationSeconds) {
        var key = new Key(audience, expirationSeconds);
        @Nullable Held known = held.get(key);
        if (known != null && !due(known)) {
            return known.token().value();
        }
        try {
            var fresh = source.token(pod, audience, expirationSeconds);
            held.put(key, new Held(fresh, clock.instant()));
            return fresh.value();
        } catch (RuntimeException e) {
            if (known == null || !clock.instant().isBefore(known.token().expires())) {
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

    private boolean due(Held known) {
        var life = Duration.between(known.obtained(), known.token().expires());
        var renewal = known.obtained().plus(life.multipliedBy(8).dividedBy(10));
        var latest = known.obtained().plus(LONGEST_USE);
        var now = clock.instant();
        return now.isAfter(renewal) || now.isAfter(latest);
    }
}
