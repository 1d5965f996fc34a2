package dev.monopod.host.machine;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The machines that wait for pods: which sizes are worth it, how many of each, and which are given
/// up. As many of a size wait as came at once lately, if the host can bear it. Each is handed out
/// once. One thread steps, any may take.
///
/// @param <T> what waits
final class WarmMachines<T extends WarmMachines.Waiting> {
    /// Of as many sizes as were asked for last.
    static final int MOST_SIZES = 2;

    /// A size that nobody has asked for since is forgotten.
    static final Duration INTEREST = Duration.ofHours(1);

    /// No older than a template: copies of one have the layout of their kernel in common.
    static final Duration LONGEST_WAIT = Templates.LONGEST_LIFE;

    static final Duration RETRY = Duration.ofMinutes(1);

    private static final Logger LOG = LoggerFactory.getLogger(WarmMachines.class);

    private final int each;
    private final Maker<T> maker;
    private final Conditions conditions;
    private final InstantSource clock;

    /// When a size was asked for, the last in the end.
    private final LinkedHashMap<Size, Instant> asked = new LinkedHashMap<>(16, 0.75f, true);

    private final Map<Size, Bursts> bursts = new HashMap<>();
    private final Map<Size, Deque<Kept<T>>> waiting = new HashMap<>();
    private final Map<Size, Instant> notBefore = new HashMap<>();
    private boolean closed;

    /// A machine that runs and is nobody's.
    interface Waiting {
        boolean alive();

        /// Removes all that was made for it.
        void end();
    }

    /// Makes one, which takes a second or more; empty if it can't be made yet.
    interface Maker<T> {
        Optional<T> make(Size size) throws IOException, InterruptedException;
    }

    /// Whether the host has nothing better to do.
    interface Conditions {
        /// No machine starts for a pod.
        boolean quiet();

        /// Memory is left for a machine of that many MiB, beside so many that wait.
        boolean room(long mebiBytes, int waiting);

        /// So little memory is left that those that wait have to go.
        boolean pressed();

        /// The size can still be made: its kernel, guest and QEMU are those that the host has.
        boolean current(Size size);
    }

    /// What is settled before there is a pod.
    record Size(Template.Key key, long scratchBytes) {
        @Override
        public String toString() {
            return "%s with %d MiB of storage".formatted(key, scratchBytes >> 20);
        }
    }

    private record Kept<T>(T machine, Instant since) {}

    /// @param each how many are kept of each size at least; none: nothing is ever made
    WarmMachines(int each, Maker<T> maker, Conditions conditions, InstantSource clock) {
        this.each = each;
        this.maker = maker;
        this.conditions = conditions;
        this.clock = clock;
    }

    /// Machines of that size will be asked for.
    synchronized void expect(Size size) {
        asked.put(size, clock.instant());
    }

    /// One of that size, which is the caller's from here on.
    Optional<T> take(Size size) {
        count(size);
        while (true) {
            var next = next(size);
            if (next.isEmpty() || next.get().alive()) {
                return next;
            }
            LOG.warn("a machine that waited for a pod has ended");
            next.get().end();
        }
    }

    private synchronized void count(Size size) {
        expect(size);
        bursts.computeIfAbsent(size, _ -> new Bursts()).asked(clock.instant());
    }

    private synchronized Optional<T> next(Size size) {
        var kept = waiting.get(size);
        return kept == null
                ? Optional.empty()
                : Optional.ofNullable(kept.poll()).map(Kept::machine);
    }

    /// Ends those that nobody wants any more, then makes one at most.
    void step() throws InterruptedException {
        surplus().forEach(Waiting::end);
        var wanted = wanted();
        if (wanted.isEmpty()) {
            return;
        }
        var size = wanted.get();
        try {
            maker.make(size).ifPresent(made -> keep(size, made));
        } catch (IOException | RuntimeException e) {
            LOG.warn("no {} waits for a pod: {}", size, e.getMessage());
            postpone(size);
        }
    }

    private synchronized void postpone(Size size) {
        notBefore.put(size, clock.instant().plus(RETRY));
    }

    private void keep(Size size, T made) {
        synchronized (this) {
            if (!closed) {
                waiting.computeIfAbsent(size, _ -> new ArrayDeque<>())
                        .add(new Kept<>(made, clock.instant()));
                LOG.debug("a {} waits for a pod", size);
                return;
            }
        }
        made.end();
    }

    /// Takes out what waits in vain.
    private synchronized List<T> surplus() {
        var now = clock.instant();
        asked.values().removeIf(last -> last.plus(INTEREST).isBefore(now));
        bursts.keySet().retainAll(asked.keySet());
        notBefore.values().removeIf(until -> until.isBefore(now));
        var sizes = sizes();
        var ended = new ArrayList<T>();
        waiting.forEach((size, machines) ->
                machines.removeIf(kept -> {
                    var vain =
                            !sizes.contains(size)
                                    || !kept.machine().alive()
                                    || kept.since().plus(LONGEST_WAIT).isBefore(now);
                    if (vain) {
                        ended.add(kept.machine());
                    }
                    return vain;
                }));
        waiting.forEach((size, machines) -> {
            while (machines.size() > number(size)) {
                ended.add(machines.removeLast().machine());
            }
        });
        if (ended.isEmpty() && waiting() > 0 && conditions.pressed()) {
            // One a step: it may be enough.
            waiting.values().stream()
                    .filter(machines -> !machines.isEmpty())
                    .findAny()
                    .ifPresent(machines -> ended.add(machines.removeLast().machine()));
        }
        waiting.values().removeIf(Deque::isEmpty);
        return ended;
    }

    /// The sizes that were asked for last.
    private Set<Size> sizes() {
        var sizes = new HashSet<Size>();
        for (var size : asked.sequencedKeySet().reversed()) {
            if (sizes.size() < MOST_SIZES && conditions.current(size)) {
                sizes.add(size);
            }
        }
        return sizes;
    }

    private synchronized Optional<Size> wanted() {
        if (closed || each == 0 || !conditions.quiet()) {
            return Optional.empty();
        }
        return sizes().stream()
                .filter(size -> !notBefore.containsKey(size))
                .filter(size -> waiting(size) < number(size))
                .filter(size -> conditions.room(size.key().memoryMebiBytes(), waiting()))
                .min(Comparator.comparingInt(this::waiting));
    }

    private int number(Size size) {
        var seen = bursts.get(size);
        return Math.max(each, seen == null ? 0 : seen.largest(clock.instant()));
    }

    private int waiting(Size size) {
        var kept = waiting.get(size);
        return kept == null ? 0 : kept.size();
    }

    private int waiting() {
        return waiting.values().stream().mapToInt(Deque::size).sum();
    }

    /// Ends all that wait; none is made any more.
    void close() {
        var left = new ArrayList<T>();
        synchronized (this) {
            closed = true;
            waiting.values().forEach(kept -> kept.forEach(one -> left.add(one.machine())));
            waiting.clear();
        }
        left.forEach(Waiting::end);
    }
}
