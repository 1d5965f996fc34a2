package dev.monopod.controller.scheduling;

import dev.monopod.controller.ClusterView;
import dev.monopod.controller.scheduling.Snapshot.HostRoom;
import dev.monopod.controller.scheduling.Snapshot.SubnetRoom;
import dev.monopod.kube.api.FargateProfile;
import dev.monopod.kube.api.Host;
import dev.monopod.kube.api.Machine;
import dev.monopod.kube.api.Subnet;
import dev.monopod.kube.api.Vpc;
import dev.monopod.kube.mapping.Profiles;
import dev.monopod.model.names.Defaults;
import dev.monopod.model.network.Cidr;
import dev.monopod.model.profile.Profile;
import dev.monopod.model.time.Clocks;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// What is given out: the machines that the watch shows, those made a moment ago or about to be,
/// and the addresses that rest after use. The scheduling thread reserves; workers and watches tell
/// what became of it. Thread-safe.
final class Ledger {
    /// How long an address rests, so that nobody's stale connection reaches another pod.
    private static final Duration COOL_DOWN = Duration.ofSeconds(30);

    /// How long a Machine that was created is waited for, and how often it is looked for.
    private static final Duration SIGHT_LIMIT = Duration.ofSeconds(10);

    private static final long LOOK_NANOS = 2_000_000;

    private final Supplier<Seen> cluster;
    private final LongSupplier machinesUpTo;
    private final Clocks clocks;

    /// On its way to the API server, or sent there and not answered.
    private final Map<String, Machine> reserved = new HashMap<>();

    /// Created; the watch does not show it yet.
    private final Map<String, Machine> assumed = new HashMap<>();

    private final Map<Long, Instant> resting = new HashMap<>();

    /// What an earlier scheduler claimed, by the Machine's name: until when nobody else gets it.
    private final Map<String, Kept> kept = new HashMap<>();

    private record Kept(EarlierPlace place, Instant until) {}

    /// What the watches show.
    record Seen(
            List<FargateProfile> profiles,
            List<Subnet> subnets,
            List<Vpc> vpcs,
            List<Host> hosts,
            List<Machine> machines) {}

    /// @param machinesUpTo the resource version up to which the watch shows Machines
    Ledger(Supplier<Seen> cluster, LongSupplier machinesUpTo, Clocks clocks) {
        this.cluster = cluster;
        this.machinesUpTo = machinesUpTo;
        this.clocks = clocks;
    }

    static Ledger of(ClusterView view, Clocks clocks) {
        return new Ledger(
                () ->
                        new Seen(
                                view.profiles(),
                                view.subnets(),
                                view.vpcs(),
                                view.hosts(),
                                view.machines()),
                view::machinesUpTo,
                clocks);
    }

    /// Keeps what an earlier scheduler has claimed for machines that do not exist: each for its
    /// machine, as long as the claim can last without it.
    synchronized void keep(Map<String, EarlierPlace> earlier) {
        var existing = machines(cluster.get()).keySet();
        var until = clocks.steady().instant().plus(LeftoverClaims.LONGEST_WITHOUT_MACHINE);
        earlier.forEach((machine, place) -> {
            if (!existing.contains(machine)) {
                kept.put(machine, new Kept(place, until));
            }
        });
    }

    /// What an earlier scheduler has claimed for this machine.
    synchronized Optional<EarlierPlace> earlier(String machine) {
        return Optional.ofNullable(kept.get(machine)).map(Kept::place);
    }

    /// Holds the place of a machine that is to be created.
    synchronized void reserve(Machine machine) {
        kept.remove(machine.getMetadata().getName());
        reserved.put(machine.getMetadata().getName(), machine);
    }

    /// What was reserved exists, as the API server has it. One that was released since stays so.
    synchronized void created(Machine machine) {
        var name = machine.getMetadata().getName();
        if (reserved.remove(name) != null) {
            assumed.put(name, machine);
        }
    }

    /// There is no machine of this name, so nothing is held for it.
    synchronized void free(String name) {
        reserved.remove(name);
        var gone = assumed.get(name);
        if (gone != null) {
            released(gone);
        }
    }

    /// A pod of this key wants no machine but one: what is reserved for others is free. Call while
    /// no worker is at the key.
    ///
    /// @param key `NAMESPACE/NAME`
    synchronized void giveUp(String key, String wanted) {
        reserved.values()
                .removeIf(machine -> {
                    var pod = machine.getSpec().pod();
                    return key.equals(pod.namespace() + "/" + pod.name())
                            && !machine.getMetadata().getName().equals(wanted);
                });
    }

    /// Whether its host has what it takes for this Machine and all others that it was given, by
    /// whomever. Who creates a Machine asks afterwards, and undoes it if not: of two leaders whose
    /// Machines are too many together, the one that was later sees the other's, since this waits
    /// until the watch shows the Machine, and a watch shows what was created in that order.
    ///
    /// @param machine as the API server has it
    /// @throws IllegalStateException if the watch does not show it within ten seconds
    boolean hasRoom(Machine machine) {
        awaitSight(machine);
        var seen = cluster.get();
        return hosts(seen, seen.machines(), clocks.wall().instant()).stream()
                .filter(host -> host.name().equals(machine.getSpec().host()))
                .noneMatch(HostRoom::isOver);
    }

    private void awaitSight(Machine machine) {
        var version = Long.parseLong(machine.getMetadata().getResourceVersion());
        var started = System.nanoTime();
        while (machinesUpTo.getAsLong() < version) {
            if (System.nanoTime() - started > SIGHT_LIMIT.toNanos()) {
                throw new IllegalStateException(
                        "%s: the watch has come to version %d of Machines only, not to %d, within %d s"
                                .formatted(
                                        machine.getMetadata().getName(),
                                        machinesUpTo.getAsLong(),
                                        version,
                                        SIGHT_LIMIT.toSeconds()));
            }
            // Nobody tells: handlers hear of a change before its version stands.
            LockSupport.parkNanos(LOOK_NANOS);
            if (Thread.interrupted()) {
                throw new IllegalStateException("closed");
            }
        }
    }

    /// The watch saw it go.
    synchronized void released(Machine machine) {
        reserved.remove(machine.getMetadata().getName());
        assumed.remove(machine.getMetadata().getName());
        resting.put(
                Cidr.address(machine.getSpec().network().address()),
                clocks.steady().instant().plus(COOL_DOWN));
    }

    /// The machine of this name, that the watch shows, or that was created or reserved.
    synchronized Optional<Machine> find(String name) {
        return cluster.get().machines().stream()
                .filter(machine -> machine.getMetadata().getName().equals(name))
                .findFirst()
                .or(() -> Optional.ofNullable(assumed.get(name)))
                .or(() -> Optional.ofNullable(reserved.get(name)));
    }

    /// All machines of the namespace's pods, those that are only reserved too.
    synchronized List<Machine> machines(String namespace) {
        return machines(cluster.get()).values().stream()
                .filter(machine -> machine.getSpec().pod().namespace().equals(namespace))
                .toList();
    }

    private Map<String, Machine> machines(Seen seen) {
        var machines = new LinkedHashMap<String, Machine>();
        seen.machines().forEach(machine -> machines.put(machine.getMetadata().getName(), machine));
        assumed.keySet().removeIf(machines::containsKey);
        reserved.keySet().removeIf(machines::containsKey);
        machines.putAll(assumed);
        machines.putAll(reserved);
        return machines;
    }

    synchronized Snapshot snapshot() {
        var seen = cluster.get();
        var machines = machines(seen);
        var now = clocks.now();
        resting.values().removeIf(until -> until.isBefore(now.steady()));
        kept.values().removeIf(place -> place.until().isBefore(now.steady()));
        var taken = new HashSet<>(resting.keySet());
        kept.values().forEach(claimed -> taken.add(claimed.place().address()));
        machines.values().forEach(m -> taken.add(Cidr.address(m.getSpec().network().address())));
        seen.vpcs().forEach(vpc -> taken.add(hostAddress(vpc)));
        return new Snapshot(
                profiles(seen),
                subnets(seen, machines.values()),
                hosts(seen, machines.values(), now.wall()),
                taken);
    }

    private static long hostAddress(Vpc vpc) {
        return Cidr.parse(vpc.getSpec().cidrs().getFirst()).base() + Defaults.HOST_OFFSET;
    }

    private static Map<String, Profile> profiles(Seen seen) {
        var profiles = new HashMap<String, Profile>();
        Profiles.active(seen.profiles()).forEach(profile -> profiles.put(profile.name(), profile));
        return profiles;
    }

    private static Map<String, SubnetRoom> subnets(Seen seen, Iterable<Machine> machines) {
        var counts = new HashMap<String, Integer>();
        machines.forEach(m -> counts.merge(m.getSpec().network().subnet(), 1, Integer::sum));
        var regions = new HashMap<String, String>();
        seen.vpcs()
                .forEach(vpc -> regions.put(vpc.getMetadata().getName(), vpc.getSpec().region()));
        var subnets = new HashMap<String, SubnetRoom>();
        for (var subnet : seen.subnets()) {
            var name = subnet.getMetadata().getName();
            var spec = subnet.getSpec();
            var region = regions.get(spec.vpc());
            if (region != null && subnet.getMetadata().getDeletionTimestamp() == null) {
                subnets.put(
                        name,
                        new SubnetRoom(
                                name,
                                spec.vpc(),
                                region,
                                spec.zone(),
                                Cidr.parse(spec.cidr()),
                                counts.getOrDefault(name, 0)));
            }
        }
        return subnets;
    }

    private static List<HostRoom> hosts(Seen seen, Iterable<Machine> machines, Instant now) {
        var used = new HashMap<String, long[]>();
        for (var machine : machines) {
            if (machine.ended()) {
                continue;
            }
            var size = machine.getSpec().size();
            var sums = used.computeIfAbsent(machine.getSpec().host(), host -> new long[3]);
            sums[0] += size.milliCpu();
            sums[1] += size.memoryMebiBytes();
            sums[2] += size.storageMebiBytes();
        }
        var hosts = new ArrayList<HostRoom>();
        for (var host : seen.hosts()) {
            var status = host.getStatus();
            var name = host.getMetadata().getName();
            var sums = used.getOrDefault(name, new long[3]);
            var zone = host.getSpec() == null ? null : host.getSpec().zone();
            hosts.add(
                    new HostRoom(
                            name,
                            zone == null ? "" : zone,
                            state(host, now),
                            status == null ? 0 : value(status.capacityMilliCpu()) - sums[0],
                            status == null ? 0 : value(status.capacityMemoryMebiBytes()) - sums[1],
                            status == null
                                    ? 0
                                    : value(status.capacityStorageMebiBytes()) - sums[2]));
        }
        return hosts;
    }

    private static long value(@Nullable Long number) {
        return number == null ? 0 : number;
    }

    private static String state(Host host, Instant now) {
        if (host.getMetadata().getDeletionTimestamp() != null) {
            return "is being removed";
        }
        if (host.getSpec() != null && Boolean.TRUE.equals(host.getSpec().unschedulable())) {
            return "is cordoned";
        }
        var status = host.getStatus();
        if (status == null || status.heartbeat() == null) {
            return "has not reported yet";
        }
        try {
            var silent = Duration.between(Instant.parse(status.heartbeat()), now);
            if (silent.compareTo(Defaults.HOST_SILENCE) > 0) {
                return "is silent since " + status.heartbeat();
            }
            return status.underDiskPressure() ? "has disk pressure" : "";
        } catch (DateTimeParseException e) {
            return "reports a heartbeat that is no time: " + status.heartbeat();
        }
    }
}
