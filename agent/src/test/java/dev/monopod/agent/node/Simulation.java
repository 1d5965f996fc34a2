package dev.monopod.agent.node;

import static java.util.Objects.requireNonNull;

import dev.monopod.model.loop.Loops;
import dev.monopod.model.time.Clocks;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.TimeUnit;

/// Minutes of [NodeStatus] in milliseconds: an API server whose answers take simulated time, and
/// workers that take tasks in turn, each with a clock of its own. One thread.
final class Simulation implements NodeApi {
    private static final Duration STEP = Duration.ofMillis(500);

    private final Duration answer;
    private final Workers workers;
    private final NodeStatus nodes;
    private final Map<String, List<Instant>> renewals = new HashMap<>();
    private final Map<String, Instant> renewTimes = new HashMap<>();
    private final Map<String, Instant> leasesAtStatus = new HashMap<>();
    private final Map<String, Duration> hanging = new HashMap<>();
    private final Set<String> absent = new HashSet<>();
    private final List<String> deleted = new ArrayList<>();
    private final List<String> statuses = new ArrayList<>();
    private final List<String> complaints = new ArrayList<>();
    private Instant now = Instant.parse("2026-01-01T00:00:00Z");
    private boolean down;

    /// By how much the wall clock was set.
    private Duration set = Duration.ZERO;

    Simulation(int workers, Duration answer) {
        this.answer = answer;
        this.workers = new Workers(workers, now);
        var loops = new Loops(() -> now, new Random(1));
        this.nodes =
                new NodeStatus(
                        this,
                        "0.1.0",
                        loops,
                        new Clocks(clock(() -> now.plus(set)), clock(() -> now)),
                        this.workers);
    }

    NodeStatus nodes() {
        return nodes;
    }

    void add(int count) {
        for (int i = 0; i < count; i++) {
            nodes.keep(NodeStatusTest.machine("node-" + i));
        }
    }

    /// Calls for this Node fail, after so long.
    void hang(String node, Duration limit) {
        hanging.put(node, limit);
    }

    Set<String> hanging() {
        return hanging.keySet();
    }

    void absent(String node) {
        absent.add(node);
    }

    void present(String node) {
        absent.remove(node);
    }

    void down() {
        down = true;
    }

    void up() {
        down = false;
    }

    /// The host's wall clock is set forward, or back.
    void set(Duration time) {
        set = set.plus(time);
    }

    /// What the Lease was renewed with last.
    Instant renewTime(String node) {
        return requireNonNull(renewTimes.get(node));
    }

    /// What it was renewed with when the status was written last.
    Instant leaseAtStatus(String node) {
        return requireNonNull(leasesAtStatus.get(node));
    }

    List<String> complaints() {
        return complaints;
    }

    private static Clock clock(InstantSource source) {
        return source.withZone(ZoneOffset.UTC);
    }

    void run(Duration time) {
        var end = now.plus(time);
        while (now.isBefore(end)) {
            try {
                nodes.pass();
            } catch (IllegalStateException overdue) {
                // The loop shows it, and comes back.
                complaints.add(overdue.getMessage());
            }
            workers.work();
            now = now.plus(STEP);
        }
    }

    int renewals(String node) {
        return renewals.getOrDefault(node, List.of()).size();
    }

    List<String> deleted() {
        return deleted;
    }

    /// Nodes whose status was written, each time.
    List<String> statuses() {
        return statuses;
    }

    Duration longestGap() {
        return longestGapBeside(Set.of());
    }

    /// Between two renewals of one Lease, or from the last one to now.
    Duration longestGapBeside(Set<String> others) {
        return renewals.entrySet().stream()
                .filter(node -> !others.contains(node.getKey()))
                .map(node -> gap(node.getValue()))
                .max(Comparator.naturalOrder())
                .orElseThrow();
    }

    private Duration gap(List<Instant> times) {
        var longest = Duration.between(times.getLast(), now);
        for (int i = 1; i < times.size(); i++) {
            var gap = Duration.between(times.get(i - 1), times.get(i));
            longest = gap.compareTo(longest) > 0 ? gap : longest;
        }
        return longest;
    }

    @Override
    public Optional<String> writeStatus(String node, Map<String, Object> status) {
        call(node);
        statuses.add(node);
        leasesAtStatus.put(node, renewTimes.getOrDefault(node, Instant.EPOCH));
        return absent.contains(node) ? Optional.empty() : Optional.of("uid-" + node);
    }

    @Override
    public void renewLease(String node, String uid, Instant time) {
        call(node);
        renewals.computeIfAbsent(node, _ -> new ArrayList<>()).add(now);
        renewTimes.put(node, time);
    }

    @Override
    public void delete(String node) {
        deleted.add(node);
    }

    private void call(String node) {
        now = now.plus(hanging.getOrDefault(node, answer));
        if (down || hanging.containsKey(node)) {
            throw new IllegalArgumentException("no answer for " + node);
        }
    }

    /// Tasks start in order, each on the worker that is free first.
    private final class Workers extends AbstractExecutorService {
        private final Queue<Runnable> waiting = new ArrayDeque<>();
        private final Instant[] free;

        Workers(int count, Instant from) {
            free = new Instant[count];
            Arrays.fill(free, from);
        }

        /// Starts what can start before the next step.
        void work() {
            var present = now;
            while (!waiting.isEmpty()) {
                int first = 0;
                for (int i = 1; i < free.length; i++) {
                    first = free[i].isBefore(free[first]) ? i : first;
                }
                if (!free[first].isBefore(present.plus(STEP))) {
                    break;
                }
                now = free[first].isAfter(present) ? free[first] : present;
                waiting.remove().run();
                free[first] = now;
            }
            now = present;
        }

        @Override
        public void execute(Runnable task) {
            waiting.add(task);
        }

        @Override
        public void shutdown() {
            waiting.clear();
        }

        @Override
        public List<Runnable> shutdownNow() {
            return List.copyOf(waiting);
        }

        @Override
        public boolean isShutdown() {
            return false;
        }

        @Override
        public boolean isTerminated() {
            return false;
        }

        @Override
        public boolean awaitTermination(long timeout, TimeUnit unit) {
            return true;
        }
    }
}
