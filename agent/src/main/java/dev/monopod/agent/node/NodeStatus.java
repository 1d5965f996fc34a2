package dev.monopod.agent.node;

import dev.monopod.agent.pod.api.PodNodes;
import dev.monopod.host.guest.GuestWords;
import dev.monopod.kube.api.Machine;
import dev.monopod.model.loop.Loop;
import dev.monopod.model.loop.Loops;
import dev.monopod.model.loop.Pace;
import dev.monopod.model.time.Clocks;
import dev.monopod.protocol.guest.ConfigureResponse;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Keeps the Node of every machine of this host Ready and its Lease fresh, once the guest answered.
/// Each Node has a turn of its own every ten seconds, and sixteen are tended at the same time, each
/// by one thread at most: one that is slow or refused harms no other, and an API server that takes
/// 200 ms keeps up with a thousand Nodes. None of its methods waits for the API server but
/// [#remove].
public final class NodeStatus implements PodNodes, AutoCloseable {
    static final Duration RENEWAL = Duration.ofSeconds(10);
    static final int AT_ONCE = 16;

    private static final Logger LOG = LoggerFactory.getLogger(NodeStatus.class);

    /// Of a kernel's release and the id of a boot, which the guest names.
    private static final int LONGEST_NAME = 64;

    private static final Duration STATUS = Duration.ofMinutes(5);
    private static final Duration TICK = Duration.ofMillis(500);
    private static final Duration RETRY = Duration.ofSeconds(2);

    /// A Lease lasts 40 seconds; so there is time left to do something about it.
    private static final Duration OVERDUE = Duration.ofSeconds(25);

    private final NodeApi api;
    private final String version;
    private final Clocks clocks;
    private final Map<String, Tended> nodes = new ConcurrentHashMap<>();
    private final Set<String> busy = ConcurrentHashMap.newKeySet();

    /// The furthest that the wall clock was ahead of the steady one, since it was last set back;
    /// the loop alone uses it.
    private Duration ahead = Duration.ofSeconds(Long.MIN_VALUE / 4);

    private final ExecutorService threads;
    private final Loop loop;

    /// One Node. All but `since` by the steady clock.
    ///
    /// @param since when it came here, as its status says
    /// @param written when its status was last written
    /// @param due when it is to be tended next
    /// @param fresh when its Lease was last renewed; at first, when it came here
    /// @param uid empty until its status was written
    /// @param trouble what hinders it; empty if nothing does
    private record Tended(
            NodeStatusView view,
            Instant since,
            Instant written,
            Instant due,
            Instant fresh,
            String uid,
            String trouble) {
        Tended wrote(Instant now, String nodeUid) {
            return new Tended(view, since, now, due, fresh, nodeUid, trouble);
        }

        Tended renewed(Instant now) {
            return new Tended(view, since, written, now.plus(RENEWAL), now, uid, "");
        }

        Tended hindered(Instant next, String why) {
            return new Tended(view, since, written, next, fresh, uid, why);
        }

        /// As if nothing had been written yet.
        Tended anew(Instant now) {
            return new Tended(view, since, Instant.EPOCH, now, now, uid, trouble);
        }

        /// Others have said that the Node is not ready. A watch may lag behind what was written.
        Tended doubted(Instant now) {
            var soonest = written.plus(RETRY);
            return uid.isEmpty() || written.equals(Instant.EPOCH)
                    ? this
                    : new Tended(
                            view,
                            since,
                            Instant.EPOCH,
                            soonest.isAfter(now) ? soonest : now,
                            fresh,
                            uid,
                            trouble);
        }

        /// There is no Node yet, or no more: nothing to keep fresh.
        Tended absent(Instant now) {
            var wait = uid.isEmpty() ? TICK : RENEWAL;
            return new Tended(view, since, written, now.plus(wait), now, uid, "");
        }
    }

    /// @param client that gives up a call within seconds: the next turn is the retry
    /// @param version of the agent
    public NodeStatus(KubernetesClient client, String version, Loops loops, Clocks clocks) {
        this(
                new KubernetesNodeApi(client),
                version,
                loops,
                clocks,
                Executors.newFixedThreadPool(
                        AT_ONCE, Thread.ofVirtual().name("node-lease-", 0).factory()));
    }

    /// @param threads closed with it; how many Nodes are tended at the same time
    NodeStatus(NodeApi api, String version, Loops loops, Clocks clocks, ExecutorService threads) {
        this.api = api;
        this.threads = threads;
        this.version = version;
        this.clocks = clocks;
        this.loop = loops.loop("node-leases", Pace.every(TICK).withRetries(TICK, TICK), this::pass);
    }

    public void start() {
        loop.start();
    }

    @Override
    public void ready(Machine machine, ConfigureResponse guest) {
        var now = clocks.now();
        var view =
                new NodeStatusView(
                        machine,
                        GuestWords.line(guest.getKernelRelease(), LONGEST_NAME),
                        GuestWords.line(guest.getBootId(), LONGEST_NAME),
                        version);
        nodes.put(
                machine.getSpec().nodeName(),
                new Tended(view, now.wall(), Instant.EPOCH, now.steady(), now.steady(), "", ""));
        loop.nudge();
    }

    @Override
    public void keep(Machine machine) {
        ready(machine, ConfigureResponse.getDefaultInstance());
    }

    /// A Node as a watch shows it. After a silence, of the API server too, the node lifecycle
    /// controller calls it not ready until its status is written anew; its Lease does not do.
    public void seen(Node node) {
        if (isDoubted(node)) {
            var now = clocks.steady().instant();
            nodes.computeIfPresent(
                    node.getMetadata().getName(), (_, tended) -> tended.doubted(now));
            loop.nudge();
        }
    }

    private boolean isDoubted(Node node) {
        return nodes.containsKey(node.getMetadata().getName())
                && node.getStatus() != null
                && node.getStatus().getConditions().stream()
                        .anyMatch(condition ->
                                condition.getType().equals("Ready")
                                        && !"True".equals(condition.getStatus()));
    }

    @Override
    public void remove(Machine machine) {
        var name = machine.getSpec().nodeName();
        nodes.remove(name);
        api.delete(name);
    }

    /// Begins to tend each Node whose turn it is.
    ///
    /// @throws IllegalStateException when a Lease is about to end
    void pass() {
        var moment = clocks.now();
        var now = moment.steady();
        var ahead = Duration.between(now, moment.wall());
        if (ahead.plus(RENEWAL).compareTo(this.ahead) < 0) {
            // The controller manager takes no Lease for renewed that is older than the one it
            // knows, until it sees another heartbeat in the status.
            LOG.warn(
                    "the wall clock was set back to {}: all Nodes are written anew", moment.wall());
            nodes.replaceAll((_, node) -> node.anew(now));
            this.ahead = ahead;
        } else if (ahead.compareTo(this.ahead) > 0) {
            this.ahead = ahead;
        }
        nodes.forEach((name, node) -> {
            if (!node.due().isAfter(now) && busy.add(name)) {
                threads.execute(() -> turn(name));
            }
        });
        nodes.entrySet().stream()
                .filter(node -> node.getValue().fresh().plus(OVERDUE).isBefore(now))
                .min(Comparator.comparing(node -> node.getValue().fresh()))
                .ifPresent(node -> {
                    throw new IllegalStateException(
                            "the Lease of Node %s has not been renewed since %s: %s"
                                    .formatted(
                                            node.getKey(),
                                            moment.wall()
                                                    .minus(
                                                            Duration.between(
                                                                    node.getValue().fresh(), now)),
                                            node.getValue().trouble().isEmpty()
                                                    ? "the API server is slow"
                                                    : node.getValue().trouble()));
                });
    }

    /// On one of the threads; alone for this Node.
    private void turn(String name) {
        try {
            @Nullable Tended node = nodes.get(name);
            if (node != null) {
                var next = tend(name, node);
                // Another may have come in its place, or it may have gone.
                nodes.computeIfPresent(name, (_, now) -> now == node ? next : now);
            }
        } finally {
            busy.remove(name);
        }
    }

    private Tended tend(String name, Tended node) {
        try {
            var now = clocks.now();
            var renewed = node;
            if (!node.uid().isEmpty()) {
                // First, since the status makes the controller manager take whatever Lease it sees
                // next, and one from before the clock was set back would be the newest for long.
                api.renewLease(name, node.uid(), now.wall());
                renewed = node.renewed(now.steady());
            }
            if (Duration.between(node.written(), now.steady()).compareTo(STATUS) <= 0) {
                return renewed;
            }
            var told = clocks.now();
            var uid = api.writeStatus(name, node.view().render(node.since(), told.wall()));
            if (uid.isEmpty()) {
                return node.absent(told.steady());
            }
            var written = renewed.wrote(told.steady(), uid.get());
            if (!node.uid().isEmpty()) {
                return written;
            }
            var first = clocks.now();
            api.renewLease(name, uid.get(), first.wall());
            return written.renewed(first.steady());
        } catch (RuntimeException e) {
            if (node.trouble().isEmpty()) {
                LOG.warn("failed to renew the Lease of Node {}: {}", name, e.toString());
            }
            return node.hindered(clocks.steady().instant().plus(RETRY), e.toString());
        }
    }

    @Override
    public void close() {
        loop.close();
        threads.shutdownNow();
    }
}
