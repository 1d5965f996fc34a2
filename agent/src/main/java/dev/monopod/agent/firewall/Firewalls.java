package dev.monopod.agent.firewall;

import dev.monopod.host.network.NetworkException;
import dev.monopod.kube.client.Events;
import dev.monopod.kube.mapping.NetworkObjects;
import dev.monopod.model.loop.Loop;
import dev.monopod.model.loop.Loops;
import dev.monopod.model.loop.Pace;
import dev.monopod.model.network.Firewall;
import dev.monopod.model.network.NetworkFacts;
import dev.monopod.model.network.PodInterface;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Keeps the rules of this host's pods in step with the API. One thread compiles and applies;
/// changes that come while it does so are taken together, so a burst costs one round. A pod whose
/// rules can't be applied has no network; a VPC that fails holds up no other.
public final class Firewalls implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Firewalls.class);
    private static final Duration FIRST_RETRY = Duration.ofMillis(500);
    private static final Duration LONGEST_RETRY = Duration.ofSeconds(5);

    private final Supplier<NetworkObjects> objects;
    private final String hostName;
    private final Tables tables;
    private final ClosedNamespaces closed;
    private final Map<String, RefusedPolicies> refused = new HashMap<>();
    private final Loop loop;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition moved = lock.newCondition();

    // Under the lock.
    private Set<String> guarded = Set.of();

    /// The kernel's tables, as [dev.monopod.host.network.PolicyTables] keeps them. One thread.
    public interface Tables {
        /// Returns when the kernel judges packets by it.
        ///
        /// @throws NetworkException when it does not take it; what was there still holds
        void apply(String vpc, Firewall firewall);

        /// Asks the kernel about it, and changes nothing.
        ///
        /// @throws NetworkException when it would not take it
        void check(String vpc, Firewall firewall);
    }

    public Firewalls(
            Supplier<NetworkObjects> objects,
            String hostName,
            Tables tables,
            Events events,
            Loops loops) {
        this.objects = objects;
        this.closed = new ClosedNamespaces(events);
        this.hostName = hostName;
        this.tables = tables;
        this.loop =
                loops.loop(
                        "firewalls",
                        Pace.whenNudged().withRetries(FIRST_RETRY, LONGEST_RETRY),
                        this::pass);
    }

    /// Call once, when the objects are complete.
    public void start() {
        loop.start();
    }

    /// Something changed. Any thread; does not block.
    public void changed() {
        loop.nudge();
    }

    /// Returns when the kernel has the rules of the machine's pod.
    ///
    /// @throws NetworkException when that takes too long
    public void awaitRules(String machineId, Duration limit) {
        var left = limit.toNanos();
        lock.lock();
        try {
            while (!guarded.contains(machineId)) {
                if (left <= 0) {
                    throw new NetworkException(
                            "no security group rules for %s within %d s"
                                    .formatted(machineId, limit.toSeconds()));
                }
                left = moved.awaitNanos(left);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new NetworkException("interrupted while waiting for the rules of " + machineId);
        } finally {
            lock.unlock();
        }
    }

    /// @throws RuntimeException when not all rules hold
    private void pass() {
        Set<String> now = new HashSet<>();
        try {
            apply(objects.get(), now);
        } finally {
            lock.lock();
            try {
                guarded = now;
                moved.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }

    /// @param now receives the machines whose rules hold
    private void apply(NetworkObjects seen, Set<String> now) {
        var facts = seen.facts();
        List<RuntimeException> failures = new ArrayList<>();
        var notServed = new HashMap<String, String>();
        local(seen)
                .forEach((vpc, machines) -> {
                    try {
                        var firewall = apply(vpc, facts, machines.keySet());
                        notServed.putAll(firewall.closed());
                        firewall.pods().keySet().forEach(address -> now.add(machines.get(address)));
                    } catch (RuntimeException e) {
                        LOG.debug("failed to apply the rules of VPC {}", vpc, e);
                        failures.add(e);
                    }
                });
        closed.tell(notServed, seen);
        if (!failures.isEmpty()) {
            throw failures.getFirst();
        }
    }

    /// What the kernel refuses as a whole it gets without those policies that it refuses.
    private Firewall apply(String vpc, NetworkFacts facts, Set<String> addresses) {
        Predicate<PodInterface> here = pod -> addresses.contains(pod.address());
        var without = refused.computeIfAbsent(vpc, _ -> new RefusedPolicies());
        var firewall = without.compile(facts, here);
        try {
            tables.apply(vpc, firewall);
            return firewall;
        } catch (NetworkException e) {
            LOG.warn("the rules of VPC {} are refused, looking for whose: {}", vpc, e.getMessage());
            var rest = without.search(facts, here, each -> tables.check(vpc, each));
            tables.apply(vpc, rest);
            return rest;
        }
    }

    /// The machines of this host: by VPC, then by address.
    private Map<String, Map<String, String>> local(NetworkObjects seen) {
        Map<String, Map<String, String>> local = new HashMap<>();
        seen.vpcs().forEach(vpc -> local.put(vpc.getMetadata().getName(), new HashMap<>()));
        for (var machine : seen.machines()) {
            var network = machine.getSpec().network();
            if (machine.getSpec().host().equals(hostName)) {
                local.computeIfAbsent(network.vpc(), _ -> new HashMap<>())
                        .put(network.address(), machine.getMetadata().getName());
            }
        }
        return local;
    }

    /// Rules stay as they are.
    @Override
    public void close() {
        loop.close();
    }
}
