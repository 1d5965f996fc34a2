package dev.monopod.controller.scheduling;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.controller.scheduling.Placer.Decision;
import dev.monopod.controller.scheduling.Placer.Request;
import dev.monopod.controller.scheduling.Snapshot.HostRoom;
import dev.monopod.controller.scheduling.Snapshot.SubnetRoom;
import dev.monopod.model.network.Cidr;
import dev.monopod.model.profile.Profile;
import dev.monopod.model.profile.Profile.UnsupportedPods;
import dev.monopod.model.profile.Selector;
import dev.monopod.model.size.MebiBytes;
import dev.monopod.model.size.MilliCpu;
import dev.monopod.model.size.Size;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/// Row F19, and the contract's "Profiles": spread over subnets, zones honoured, reasons readable.
final class PlacerTest {
    private static final Size SMALL =
            new Size(new MilliCpu(250), new MebiBytes(512), MebiBytes.gibi(20));
    private static final Predicate<Map<String, String>> ANYWHERE = labels -> true;

    private final Cluster cluster = new Cluster();

    @Test
    void spreadsPodsEvenlyOverTheSubnetsOfTheProfile() {
        cluster.subnet("a", "10.0.1.0/24", "zone-a");
        cluster.subnet("b", "10.0.2.0/24", "zone-b");
        cluster.subnet("c", "10.0.3.0/24", "zone-c");
        cluster.host("host", "", 100);

        for (int pod = 0; pod < 30; pod++) {
            cluster.place();
        }

        assertThat(cluster.machines)
                .containsEntry("a", 10)
                .containsEntry("b", 10)
                .containsEntry("c", 10);
    }

    @Test
    void goesBackToThePlaceThatWasClaimedAsLongAsItsHostAndSubnetTakeThePod() {
        cluster.subnet("a", "10.0.1.0/24", "zone-a");
        cluster.subnet("b", "10.0.2.0/24", "zone-b");
        cluster.host("empty", "", 100);
        cluster.host("claimed", "", 1);
        var claimed = Cidr.address("10.0.2.77");
        // For others it is taken.
        cluster.taken.add(claimed);
        cluster.earlier = Optional.of(new EarlierPlace("claimed", claimed));

        var placed = cluster.placed();
        assertThat(placed.host()).isEqualTo("claimed");
        assertThat(placed.address()).isEqualTo("10.0.2.77");
        assertThat(placed.subnet().name()).isEqualTo("b");
        // It is full now.
        assertThat(cluster.placed().host()).isEqualTo("empty");
        cluster.profileSubnets.remove("b");
        cluster.earlier = Optional.of(new EarlierPlace("empty", claimed));
        assertThat(cluster.placed().address()).startsWith("10.0.1.");
    }

    @Test
    void usesNoSubnetThatTheProfileDoesNotName() {
        cluster.subnet("a", "10.0.1.0/28", "zone-a");
        cluster.subnet("foreign", "10.0.2.0/24", "zone-a");
        cluster.profileSubnets.remove("foreign");
        cluster.host("host", "", 100);

        for (int pod = 0; pod < 11; pod++) {
            assertThat(cluster.placed().subnet().name()).isEqualTo("a");
        }
        assertThat(cluster.held()).contains("10.0.1.0/28");
    }

    @Test
    void goesOnToTheNextSubnetWhenOneIsExhausted() {
        cluster.subnet("a", "10.0.1.0/28", "zone-a");
        cluster.subnet("b", "10.0.2.0/24", "zone-a");
        cluster.host("host", "", 100);
        cluster.exhaust("a");

        assertThat(cluster.placed().subnet().name()).isEqualTo("b");
    }

    @Test
    void namesEverySubnetThatIsExhausted() {
        cluster.subnet("a", "10.0.1.0/28", "zone-a");
        cluster.subnet("b", "10.0.2.0/28", "zone-a");
        cluster.host("host", "", 100);
        cluster.exhaust("a");
        cluster.exhaust("b");

        assertThat(cluster.held())
                .isEqualTo(
                        "no free address in a (10.0.1.0/28), b (10.0.2.0/28) of fargate profile web");
    }

    @Test
    void givesEveryAddressOfASubnetButTheReservedOnes() {
        cluster.subnet("a", "10.0.1.0/28", "zone-a");
        cluster.host("host", "", 100);
        var given = new ArrayList<String>();
        for (int pod = 0; pod < 11; pod++) {
            given.add(cluster.placed().address());
        }

        assertThat(given)
                .containsExactlyInAnyOrderElementsOf(
                        Cidr.parse("10.0.1.0/28").usableAddresses().toList());
        assertThat(given).doesNotContain("10.0.1.0", "10.0.1.3", "10.0.1.15");
    }

    @Test
    void reusesAnAddressAsLateAsPossible() {
        cluster.subnet("a", "10.0.1.0/28", "zone-a");
        cluster.host("host", "", 100);
        var first = cluster.placed();
        cluster.release(first);

        for (int pod = 0; pod < 10; pod++) {
            assertThat(cluster.placed().address()).isNotEqualTo(first.address());
        }
        assertThat(cluster.placed().address()).isEqualTo(first.address());
    }

    @Test
    void staysInsideASubnetThatTookTheNameOfAnother() {
        cluster.host("host", "", 100);
        for (var range : List.of("10.0.16.0/20", "10.0.1.0/28", "10.0.32.0/20")) {
            cluster.subnet("a", range, "zone-a");
            for (int pod = 0; pod < 11; pod++) {
                assertThat(Cidr.parse(range).contains(cluster.placed().address())).isTrue();
            }
        }
        cluster.subnet("a", "10.0.1.0/28", "zone-a");
        assertThat(cluster.held())
                .isEqualTo("no free address in a (10.0.1.0/28) of fargate profile web");
    }

    @Test
    void neverGivesAnAddressThatIsInUse() {
        cluster.subnet("a", "10.0.1.0/28", "zone-a");
        cluster.subnet("b", "10.0.2.0/27", "zone-b");
        cluster.host("one", "zone-a", 20);
        cluster.host("two", "", 20);
        var random = new Random(20);
        var running = new ArrayList<Decision.Placed>();
        for (int step = 0; step < 5_000; step++) {
            if (!running.isEmpty() && random.nextInt(100) < 45) {
                cluster.release(running.remove(random.nextInt(running.size())));
                continue;
            }
            var before = Set.copyOf(cluster.taken);
            if (cluster.place() instanceof Decision.Placed placed) {
                var address = Cidr.address(placed.address());
                assertThat(before).as("step %s", step).doesNotContain(address);
                assertThat(placed.subnet().cidr().contains(address)).isTrue();
                assertThat(placed.subnet().cidr().reserved(address)).isFalse();
                assertThat(cluster.hosts.get(placed.host()).serves(placed.subnet().zone()))
                        .isTrue();
                running.add(placed);
            }
        }
        assertThat(cluster.hosts.values())
                .allMatch(host -> host.freeMemoryMebiBytes() >= 0 && host.freeMilliCpu() >= 0);
    }

    @Test
    void takesTheEmptiestHostThatStandsInTheZone() {
        cluster.subnet("a", "10.0.1.0/24", "zone-a");
        cluster.host("elsewhere", "zone-b", 50);
        cluster.host("full", "zone-a", 1);
        cluster.host("empty", "zone-a", 10);
        cluster.hosts.put(
                "silent", new HostRoom("silent", "zone-a", "is silent", 99_000, 99_000, 999_999));

        assertThat(cluster.placed().host()).isEqualTo("empty");
    }

    @Test
    void goesOnToASubnetWhoseZoneHasAHost() {
        cluster.subnet("a", "10.0.1.0/24", "zone-a");
        cluster.subnet("b", "10.0.2.0/24", "zone-b");
        cluster.host("host", "zone-b", 10);

        for (int pod = 0; pod < 4; pod++) {
            assertThat(cluster.placed().subnet().name()).isEqualTo("b");
        }
    }

    @Test
    void namesForEachHostTheOneConstraintThatFails() {
        cluster.subnet("a", "10.0.1.0/24", "zone-a");
        room("cpu", "zone-a", "", 200, 9_000, 90_000);
        room("disk", "", "", 9_000, 9_000, 20_000);
        room("gone", "zone-a", "is silent since 2026-01-01T00:00:00Z", 9_000, 9_000, 90_000);
        room("memory", "zone-a", "", 9_000, 500, 90_000);
        room("place", "zone-b", "", 0, 0, 0);

        assertThat(cluster.held())
                .isEqualTo(
                        "no host has room for 0.25vCPU, 0.5GB and 20GB of storage in zone zone-a:"
                                + " cpu has too little CPU left;"
                                + " disk has too little storage left;"
                                + " gone is silent since 2026-01-01T00:00:00Z;"
                                + " memory has too little memory left;"
                                + " place stands in zone zone-b");
    }

    @Test
    void aCordonedHostGetsNoMachineAndThePodIsToldSo() {
        cluster.subnet("a", "10.0.1.0/24", "zone-a");
        room("one", "", "is cordoned", 9_000, 9_000, 90_000);

        assertThat(cluster.held()).endsWith(" in zone zone-a: one is cordoned");

        room("one", "", "", 9_000, 9_000, 90_000);
        assertThat(cluster.placed().host()).isEqualTo("one");
    }

    @Test
    void saysThatThereIsNoHostAtAll() {
        cluster.subnet("a", "10.0.1.0/24", "zone-a");

        assertThat(cluster.held())
                .isEqualTo(
                        "no host has joined the cluster; the pod needs 0.25vCPU, 0.5GB and 20GB of storage");
    }

    @Test
    void goesWhereTheNodeWouldMeetThePodsTerms() {
        cluster.subnet("a", "10.0.1.0/24", "us-west-2a");
        cluster.subnet("b", "10.0.2.0/24", "us-west-2b");
        cluster.host("host", "", 100);

        for (int pod = 0; pod < 4; pod++) {
            var decision = cluster.place(zoneIs("us-west-2b"));
            assertThat(((Decision.Placed) decision).subnet().name()).isEqualTo("b");
        }
    }

    @Test
    void saysInEksWordsThatNoSubnetMeetsThePodsTerms() {
        cluster.subnet("b", "10.0.2.0/24", "us-west-2b");
        cluster.subnet("a", "10.0.1.0/24", "us-west-2a");
        cluster.host("host", "", 100);

        var decision = cluster.place(zoneIs("us-west-2c"));
        assertThat(((Decision.Held) decision).message())
                .startsWith(
                        "MatchNodeSelector failed: Fargate profile web cannot satisfy pod's node"
                                + " selector/affinity requirements: ")
                .endsWith("; the profile has zone us-west-2a, us-west-2b");
    }

    @Test
    void callsAProfileMisconfiguredThatIsMissingOrWithoutSubnets() {
        cluster.profileSubnets.add("b");
        assertThat(cluster.held())
                .isEqualTo(
                        "Misconfigured Fargate Profile: fargate profile web has none of its subnets b");

        assertThat(
                        new Placer()
                                .place(
                                        new Request(
                                                "db",
                                                SMALL,
                                                ANYWHERE,
                                                places -> "",
                                                ZoneSpread.NONE,
                                                Optional.empty()),
                                        new Snapshot(Map.of(), Map.of(), List.of(), Set.of())))
                .isEqualTo(
                        new Decision.Held(
                                "Misconfigured Fargate Profile: fargate profile db does not exist or is"
                                        + " not ACTIVE"));
    }

    private static Predicate<Map<String, String>> zoneIs(String zone) {
        return labels -> zone.equals(labels.get("topology.kubernetes.io/zone"));
    }

    private void room(String name, String zone, String state, long cpu, long memory, long disk) {
        cluster.hosts.put(name, new HostRoom(name, zone, state, cpu, memory, disk));
    }

    /// A cluster with the profile `web` that follows what the placer decides.
    private static final class Cluster {
        private final Placer placer = new Placer();
        private final List<String> profileSubnets = new ArrayList<>();
        private final Map<String, SubnetRoom> subnets = new HashMap<>();
        private final Map<String, Integer> machines = new HashMap<>();
        private final Map<String, HostRoom> hosts = new LinkedHashMap<>();
        private final Set<Long> taken = new HashSet<>();
        private Optional<EarlierPlace> earlier = Optional.empty();

        void subnet(String name, String cidr, String zone) {
            profileSubnets.remove(name);
            profileSubnets.add(name);
            subnets.put(
                    name, new SubnetRoom(name, "default", "us-west-2", zone, Cidr.parse(cidr), 0));
        }

        void host(String name, String zone, int pods) {
            hosts.put(
                    name,
                    new HostRoom(
                            name,
                            zone,
                            "",
                            pods * SMALL.cpu().value(),
                            pods * SMALL.memory().value(),
                            pods * SMALL.storage().value()));
        }

        void exhaust(String subnet) {
            subnets.get(subnet).cidr().usable().forEach(taken::add);
        }

        Decision place() {
            return place(ANYWHERE);
        }

        Decision place(Predicate<Map<String, String>> accepts) {
            var decision =
                    placer.place(
                            new Request(
                                    "web",
                                    SMALL,
                                    accepts,
                                    Object::toString,
                                    ZoneSpread.NONE,
                                    earlier),
                            snapshot());
            if (decision instanceof Decision.Placed placed) {
                taken.add(Cidr.address(placed.address()));
                count(placed, 1);
            }
            return decision;
        }

        void release(Decision.Placed placed) {
            taken.remove(Cidr.address(placed.address()));
            count(placed, -1);
        }

        private void count(Decision.Placed placed, int change) {
            machines.merge(placed.subnet().name(), change, Integer::sum);
            hosts.computeIfPresent(
                    placed.host(),
                    (name, host) ->
                            new HostRoom(
                                    name,
                                    host.zone(),
                                    host.state(),
                                    host.freeMilliCpu() - change * SMALL.cpu().value(),
                                    host.freeMemoryMebiBytes() - change * SMALL.memory().value(),
                                    host.freeStorageMebiBytes()
                                            - change * SMALL.storage().value()));
        }

        Decision.Placed placed() {
            var decision = place();
            assertThat(decision).isInstanceOf(Decision.Placed.class);
            return (Decision.Placed) decision;
        }

        String held() {
            var decision = place();
            assertThat(decision).isInstanceOf(Decision.Held.class);
            return ((Decision.Held) decision).message();
        }

        private Snapshot snapshot() {
            var rooms = new HashMap<String, SubnetRoom>();
            subnets.forEach((name, room) ->
                    rooms.put(
                            name,
                            new SubnetRoom(
                                    name,
                                    room.vpc(),
                                    room.region(),
                                    room.zone(),
                                    room.cidr(),
                                    machines.getOrDefault(name, 0))));
            var profile =
                    new Profile(
                            "web",
                            List.of(new Selector("shop", Map.of())),
                            profileSubnets,
                            UnsupportedPods.REJECT);
            return new Snapshot(Map.of("web", profile), rooms, List.copyOf(hosts.values()), taken);
        }
    }
}
