package dev.monopod.host.machine;

import dev.monopod.host.machine.Template.Key;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The templates of a host: made in the background when a size is first asked for, made anew after
/// a while, and at most a few at a time, those that were used last. Thread-safe.
final class Templates {
    /// Each takes about 100 MiB, or as much as a machine has, where copies share it.
    static final int MOST = 4;

    /// Copies have the layout of their kernel in common: not too many shall.
    static final int MOST_COPIES = 50;

    static final Duration LONGEST_LIFE = Duration.ofHours(1);
    static final Duration RETRY = Duration.ofMinutes(1);

    private static final Logger LOG = LoggerFactory.getLogger(Templates.class);

    private final Maker maker;
    private final Executor background;
    private final InstantSource clock;

    /// Last used, last in order.
    private final LinkedHashMap<Key, Template> ready = new LinkedHashMap<>(MOST, 0.75f, true);

    private final Set<Key> inWork = new HashSet<>();
    private final Map<Key, Instant> notBefore = new HashMap<>();
    private boolean closed;

    /// Makes one template; takes seconds.
    interface Maker {
        Template make(Key key) throws IOException, InterruptedException;
    }

    /// @param background runs one task at a time
    Templates(Maker maker, Executor background, InstantSource clock) {
        this.maker = maker;
        this.background = background;
        this.clock = clock;
    }

    /// The template of that size, for one machine. If there is none, or it has served for long,
    /// another is soon made.
    synchronized Optional<Template.Lease> find(Key key) {
        var found = Optional.ofNullable(ready.get(key));
        if (found.isEmpty() || worn(found.get())) {
            request(key);
        }
        return found.map(Template::lease);
    }

    private boolean worn(Template template) {
        return template.copies() >= MOST_COPIES
                || template.made().plus(LONGEST_LIFE).isBefore(clock.instant());
    }

    /// Has one made, if there is none.
    synchronized void request(Key key) {
        var waits = notBefore.getOrDefault(key, Instant.MIN).isAfter(clock.instant());
        if (!closed && !waits && inWork.add(key)) {
            background.execute(() -> make(key));
        }
    }

    /// What machines can begin to share.
    synchronized List<SharedMemory> shared() {
        return ready.values().stream().flatMap(one -> one.shared().stream()).toList();
    }

    /// The template does not work.
    synchronized void forget(Key key) {
        notBefore.put(key, clock.instant().plus(RETRY));
        Optional.ofNullable(ready.remove(key)).ifPresent(Template::retire);
    }

    /// No machine begins with a template any more, and none is made.
    synchronized void close() {
        closed = true;
        ready.values().forEach(Template::retire);
        ready.clear();
    }

    private void make(Key key) {
        try {
            keep(key, maker.make(key));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException | RuntimeException e) {
            LOG.warn("no template of a {} can be made, they boot: {}", key, e.getMessage());
            postpone(key);
        } finally {
            done(key);
        }
    }

    private synchronized void postpone(Key key) {
        notBefore.put(key, clock.instant().plus(RETRY));
    }

    private synchronized void done(Key key) {
        inWork.remove(key);
    }

    private synchronized void keep(Key key, Template made) {
        if (closed) {
            made.retire();
            return;
        }
        LOG.info("machines begin with the template of a {}", key);
        Optional.ofNullable(ready.put(key, made)).ifPresent(Template::retire);
        while (ready.size() > MOST) {
            var eldest = ready.values().iterator();
            eldest.next().retire();
            eldest.remove();
        }
    }
}
