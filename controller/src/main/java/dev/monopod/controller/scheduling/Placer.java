package dev.monopod.controller.scheduling;

import dev.monopod.controller.node.FargateNode;
import dev.monopod.controller.scheduling.Snapshot.HostRoom;
import dev.monopod.controller.scheduling.Snapshot.SubnetRoom;
import dev.monopod.model.network.Cidr;
import dev.monopod.model.size.Size;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/// Chooses subnet, host and address for a pod. Pure but for the memory of where it stopped looking
/// in each subnet: addresses are given out in a ring, so that one is reused as late as possible.
final class Placer {
    private final Map<String, Long> lastGiven = new HashMap<>();

    /// The pod, as far as it matters here.
    ///
    /// @param accepts whether a Node with these labels would do
    /// @param spread how it is to be spread over zones, beside its fellows
    /// @param earlier what was chosen and claimed for it before, and is kept if it still does
    /// @param unmet what of the pod's terms no Node in these places meets, for the message
    record Request(
            String profile,
            Size size,
            Predicate<Map<String, String>> accepts,
            Function<List<Map<String, String>>, String> unmet,
            ZoneSpread spread,
            Optional<EarlierPlace> earlier) {}

    /// What was decided.
    sealed interface Decision {
        /// A place.
        record Placed(SubnetRoom subnet, String host, String address) implements Decision {}

        /// None now; the message names the one constraint that failed.
        record Held(String message) implements Decision {}
    }

    Decision place(Request request, Snapshot snapshot) {
        var profile = snapshot.profiles().get(request.profile());
        if (profile == null) {
            return new Decision.Held(
                    "Misconfigured Fargate Profile: fargate profile "
                            + request.profile()
                            + " does not exist or is not ACTIVE");
        }
        var subnets = new ArrayList<SubnetRoom>();
        for (var name : profile.subnets()) {
            Optional.ofNullable(snapshot.subnets().get(name)).ifPresent(subnets::add);
        }
        if (subnets.isEmpty()) {
            return new Decision.Held(
                    "Misconfigured Fargate Profile: fargate profile "
                            + request.profile()
                            + " has none of its subnets "
                            + String.join(", ", profile.subnets()));
        }
        var places = subnets.stream().map(Placer::labels).distinct().toList();
        var zones = zones(subnets);
        subnets.removeIf(subnet -> !request.accepts().test(labels(subnet)));
        if (subnets.isEmpty()) {
            return new Decision.Held(
                    "MatchNodeSelector failed: Fargate profile "
                            + request.profile()
                            + " cannot satisfy pod's node selector/affinity requirements: "
                            + request.unmet().apply(places)
                            + "; the profile has zone "
                            + String.join(", ", zones));
        }
        var allowed = request.spread().allowed(new TreeSet<>(zones(subnets)));
        if (allowed.isEmpty()) {
            return new Decision.Held(
                    "topologySpreadConstraints failed: no zone of Fargate profile "
                            + request.profile()
                            + " that the pod may have keeps its maxSkew: "
                            + String.join(", ", zones(subnets)));
        }
        var closed = new TreeSet<>(zones(subnets));
        closed.removeAll(allowed);
        subnets.removeIf(subnet -> !allowed.contains(subnet.zone()));
        var decision = place(request, snapshot, subnets);
        return decision instanceof Decision.Held(String message) && !closed.isEmpty()
                ? new Decision.Held(
                        message
                                + "; topologySpreadConstraints keep the pod out of zone "
                                + String.join(", ", closed))
                : decision;
    }

    private Decision place(Request request, Snapshot snapshot, List<SubnetRoom> subnets) {
        var earlier = request.earlier().flatMap(it -> again(it, request, snapshot, subnets));
        if (earlier.isPresent()) {
            return earlier.get();
        }
        subnets.sort(
                Comparator.<SubnetRoom>comparingInt(subnet -> request.spread().crowd(subnet.zone()))
                        .thenComparing(SubnetRoom::machines)
                        .thenComparing(SubnetRoom::name));
        var exhausted = new ArrayList<SubnetRoom>();
        for (var subnet : subnets) {
            var host = host(request.size(), snapshot, subnet.zone());
            if (host.isEmpty()) {
                continue;
            }
            var address = address(subnet, snapshot);
            if (address.isPresent()) {
                lastGiven.put(subnet.name(), address.getAsLong());
                return new Decision.Placed(
                        subnet, host.get().name(), Cidr.text(address.getAsLong()));
            }
            exhausted.add(subnet);
        }
        return new Decision.Held(
                exhausted.isEmpty()
                        ? noRoom(request.size(), snapshot, subnets)
                        : "no free address in "
                                + exhausted.stream()
                                        .map(s -> s.name() + " (" + s.cidr() + ")")
                                        .collect(Collectors.joining(", "))
                                + " of fargate profile "
                                + request.profile());
    }

    private static Optional<Decision> again(
            EarlierPlace place, Request request, Snapshot snapshot, List<SubnetRoom> subnets) {
        return subnets.stream()
                .filter(subnet -> subnet.cidr().contains(place.address()))
                .filter(subnet ->
                        hosts(request.size(), snapshot, subnet.zone())
                                .anyMatch(host -> host.name().equals(place.host())))
                .findFirst()
                .map(subnet ->
                        new Decision.Placed(subnet, place.host(), Cidr.text(place.address())));
    }

    private static List<String> zones(List<SubnetRoom> subnets) {
        return subnets.stream().map(SubnetRoom::zone).distinct().sorted().toList();
    }

    private static Map<String, String> labels(SubnetRoom subnet) {
        return FargateNode.labels(subnet.zone(), subnet.region());
    }

    /// The emptiest host, by memory: machines reserve it, while CPU is shared.
    private static Optional<HostRoom> host(Size size, Snapshot snapshot, String zone) {
        return hosts(size, snapshot, zone)
                .max(
                        Comparator.comparingLong(HostRoom::freeMemoryMebiBytes)
                                .thenComparing(HostRoom::name, Comparator.reverseOrder()));
    }

    private static Stream<HostRoom> hosts(Size size, Snapshot snapshot, String zone) {
        return snapshot.hosts().stream()
                .filter(host -> host.state().isEmpty() && host.serves(zone) && host.holds(size));
    }

    private OptionalLong address(SubnetRoom subnet, Snapshot snapshot) {
        var cidr = subnet.cidr();
        var last = lastGiven.getOrDefault(subnet.name(), cidr.base());
        // An earlier subnet of this name may have had another range.
        var from = cidr.contains(last) ? last + 1 : cidr.base();
        return LongStream.concat(
                        LongStream.rangeClosed(from, cidr.last()),
                        LongStream.range(cidr.base(), from))
                .filter(a -> !cidr.reserved(a) && !snapshot.taken().contains(a))
                .findFirst();
    }

    private static String noRoom(Size size, Snapshot snapshot, List<SubnetRoom> subnets) {
        var need = size.cpu() + ", " + size.memory() + " and " + size.storage() + " of storage";
        if (snapshot.hosts().isEmpty()) {
            return "no host has joined the cluster; the pod needs " + need;
        }
        var zones = zones(subnets);
        return "no host has room for "
                + need
                + " in zone "
                + String.join(" or ", zones)
                + ": "
                + snapshot.hosts().stream()
                        .sorted(Comparator.comparing(HostRoom::name))
                        .limit(5)
                        .map(host -> host.name() + " " + why(host, size, zones))
                        .collect(Collectors.joining("; "));
    }

    /// Without the numbers: they change with every machine, and equal events are counted.
    private static String why(HostRoom host, Size size, List<String> zones) {
        if (!host.state().isEmpty()) {
            return host.state();
        }
        if (zones.stream().noneMatch(host::serves)) {
            return "stands in zone " + host.zone();
        }
        if (host.freeMilliCpu() < size.cpu().value()) {
            return "has too little CPU left";
        }
        if (host.freeMemoryMebiBytes() < size.memory().value()) {
            return "has too little memory left";
        }
        return "has too little storage left";
    }
}
