package dev.monopod.agent.firewall;

import dev.monopod.host.network.NetworkException;
import dev.monopod.host.network.PolicyTables;
import dev.monopod.kube.mapping.NetworkObjects;
import dev.monopod.model.network.FirewallRules;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Keeps the rules of this host's pods in step with the API. One thread compiles and applies;
/// changes that come while it does so are taken together, so a burst costs one round. A pod whose
/// rules can't be applied has no network.
public final class Firewalls implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Firewalls.class);
    private static final Duration RETRY = Duration.ofMillis(500);

    private final Supplier<NetworkObjects> objects;
    private final String hostName;
    private final PolicyTables tables;
    private final Thread thread = Thread.ofVirtual().name("firewalls").unstarted(this::run);
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition moved = lock.newCondition();

    // Both under the lock.
    private Set<String> guarded = Set.of();
    private Round round = Round.NONE;

    /// What is to be done.
    private enum Round {
        NONE,
        WANTED
    }

    public Firewalls(Supplier<NetworkObjects> objects, String hostName, PolicyTables tables) {
        this.objects = objects;
        this.hostName = hostName;
        this.tables = tables;
    }

    /// Call once, when the objects are complete.
    public void start() {
        thread.start();
    }

    /// Something changed. Any thread; does not block.
    public void changed() {
        lock.lock();
        try {
            round = Round.WANTED;
            moved.signalAll();
        } finally {
            lock.unlock();
        }
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

    private void run() {
        var retry = Round.NONE;
        while (take(retry)) {
            var now = new HashSet<String>();
            retry = Round.NONE;
            try {
                retry = apply(objects.get(), now);
            } catch (RuntimeException e) {
                LOG.error("rules not made, will be retried", e);
                retry = Round.WANTED;
            }
            lock.lock();
            try {
                guarded = now;
                moved.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }

    /// Waits for work; returns false when closed.
    private boolean take(Round retry) {
        lock.lock();
        try {
            if (retry == Round.WANTED && round == Round.NONE) {
                moved.await(RETRY.toMillis(), TimeUnit.MILLISECONDS);
                round = Round.WANTED;
            }
            while (round == Round.NONE) {
                moved.await();
            }
            round = Round.NONE;
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } finally {
            lock.unlock();
        }
    }

    /// @param now receives the machines whose rules hold
    private Round apply(NetworkObjects seen, Set<String> now) {
        var facts = seen.facts();
        var local = new HashMap<String, Map<String, String>>();
        seen.vpcs().forEach(vpc -> local.put(vpc.getMetadata().getName(), new HashMap<>()));
        for (var machine : seen.machines()) {
            var network = machine.getSpec().network();
            if (machine.getSpec().host().equals(hostName)) {
                local.computeIfAbsent(network.vpc(), _ -> new HashMap<>())
                        .put(network.address(), machine.getMetadata().getName());
            }
        }
        var retry = Round.NONE;
        for (var vpc : local.entrySet()) {
            var machines = vpc.getValue();
            var firewall = FirewallRules.compile(facts, pod -> machines.containsKey(pod.address()));
            try {
                tables.apply(vpc.getKey(), firewall);
                firewall.pods().keySet().forEach(address -> now.add(machines.get(address)));
            } catch (NetworkException e) {
                LOG.warn("rules of VPC {} not applied: {}", vpc.getKey(), e.getMessage());
                retry = Round.WANTED;
            }
        }
        return retry;
    }

    /// Rules stay as they are.
    @Override
    public void close() {
        thread.interrupt();
    }
}
