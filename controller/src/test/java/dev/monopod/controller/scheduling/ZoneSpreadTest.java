package dev.monopod.controller.scheduling;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.controller.scheduling.Placer.Decision;
import dev.monopod.controller.scheduling.Placer.Request;
import dev.monopod.controller.scheduling.Snapshot.HostRoom;
import dev.monopod.controller.scheduling.Snapshot.SubnetRoom;
import dev.monopod.controller.scheduling.ZoneSpread.Neighbour;
import dev.monopod.model.network.Cidr;
import dev.monopod.model.profile.Profile;
import dev.monopod.model.profile.Profile.UnsupportedPods;
import dev.monopod.model.size.MebiBytes;
import dev.monopod.model.size.MilliCpu;
import dev.monopod.model.size.Size;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodStatusBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ZoneSpreadTest {
    private static final Set<String> ZONES = Set.of("a", "b", "c");
    private static final Size SMALL =
            new Size(new MilliCpu(250), new MebiBytes(512), MebiBytes.gibi(20));
    private static final String HARD =
            "{maxSkew: 1, topologyKey: topology.kubernetes.io/zone, whenUnsatisfiable: DoNotSchedule,"
                    + " labelSelector: {matchLabels: {app: web}}}";
    private static final String SOFT = HARD.replace("DoNotSchedule", "ScheduleAnyway");

    private final List<Neighbour> neighbours = new ArrayList<>();

    @Test
    void allowsOnlyTheZonesThatKeepTheSkew() {
        there("a", "a", "b");
        assertThat(spread(HARD).allowed(ZONES)).containsExactly("c");
        there("c");
        assertThat(spread(HARD).allowed(ZONES)).containsExactly("b", "c");
        assertThat(spread(HARD.replace("maxSkew: 1", "maxSkew: 2")).allowed(ZONES))
                .containsExactly("a", "b", "c");
    }

    @Test
    void countsNoZoneThatThePodMayNotHave() {
        there("a", "a", "b", "b");
        assertThat(spread(HARD).allowed(Set.of("a", "b"))).containsExactly("a", "b");
    }

    @Test
    void countsOnlyPodsThatMatchAndLiveInItsNamespace() {
        neighbours.add(new Neighbour(pod("shop", "other", "{}"), "a"));
        neighbours.add(new Neighbour(pod("bank", "web", "{}"), "a"));
        var over = pod("shop", "web", "{}");
        over.setStatus(new PodStatusBuilder().withPhase("Failed").build());
        neighbours.add(new Neighbour(over, "a"));
        var going = pod("shop", "web", "{}");
        going.getMetadata().setDeletionTimestamp("2026-11-29T00:00:00Z");
        neighbours.add(new Neighbour(going, "a"));
        assertThat(spread(HARD).allowed(ZONES)).containsExactly("a", "b", "c");
    }

    @Test
    void demandsAsManyDomainsAsThePodNames() {
        there("a", "b");
        var two = HARD.replace("maxSkew: 1,", "maxSkew: 1, minDomains: 3,");
        assertThat(spread(two).allowed(Set.of("a", "b"))).isEmpty();
        assertThat(spread(two).allowed(ZONES)).containsExactly("c");
    }

    @Test
    void matchesTheKeysWhoseValuesThePodHas() {
        there("a");
        var keys = HARD.replace("maxSkew: 1,", "maxSkew: 1, matchLabelKeys: [hash],");
        var pod = pod("shop", "web", "{topologySpreadConstraints: [" + keys + "]}");
        pod.getMetadata().getLabels().put("hash", "new");
        assertThat(ZoneSpread.of(pod, neighbours).allowed(ZONES)).containsExactly("a", "b", "c");
    }

    @Test
    void onlyPrefersWhereItIsTold() {
        there("a", "a", "b");
        assertThat(spread(SOFT).allowed(ZONES)).containsExactly("a", "b", "c");
        assertThat(spread(SOFT).crowd("a")).isEqualTo(2);
        assertThat(spread(SOFT).crowd("c")).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"kubernetes.io/hostname", "topology.kubernetes.io/region", "rack"})
    void looksAtNoOtherKey(String key) {
        there("a", "a", "a");
        assertThat(spread(HARD.replace("topology.kubernetes.io/zone", key)))
                .isEqualTo(ZoneSpread.NONE);
    }

    @Test
    void podsAreSpreadAsTheyAskAndWaitForRoomInTheirZone() {
        for (var pod = 0; pod < 6; pod++) {
            assertThat(place(HARD, _ -> true)).isNotNull();
        }
        for (var zone : ZONES) {
            assertThat(neighbours.stream().filter(n -> n.zone().equals(zone))).hasSize(2);
        }
        // Without a host in zone c, a third pod in a or b keeps the skew, a fourth does not.
        assertThat(place(HARD, host -> !host.equals("c"))).isIn("a", "b");
        assertThat(place(HARD, host -> !host.equals("c"))).isIn("a", "b");
        assertThat(message(HARD, host -> !host.equals("c")))
                .startsWith("no host has room")
                .endsWith("; topologySpreadConstraints keep the pod out of zone a, b");
        assertThat(place(SOFT, host -> !host.equals("c"))).isIn("a", "b");
    }

    private void there(String... zones) {
        for (var zone : zones) {
            neighbours.add(new Neighbour(pod("shop", "web", "{}"), zone));
        }
    }

    private ZoneSpread spread(String constraint) {
        return ZoneSpread.of(
                pod("shop", "web", "{topologySpreadConstraints: [" + constraint + "]}"),
                neighbours);
    }

    /// The zone that it got, where it lives from now on.
    private String place(String constraint, Predicate<String> hosts) {
        if (decide(constraint, hosts) instanceof Decision.Placed placed) {
            there(placed.subnet().zone());
            return placed.subnet().zone();
        }
        throw new AssertionError(message(constraint, hosts));
    }

    private String message(String constraint, Predicate<String> hosts) {
        return ((Decision.Held) decide(constraint, hosts)).message();
    }

    private Decision decide(String constraint, Predicate<String> hosts) {
        var subnets = Map.of("sa", subnet("a", 1), "sb", subnet("b", 2), "sc", subnet("c", 3));
        var rooms =
                ZONES.stream()
                        .filter(hosts)
                        .map(zone -> new HostRoom("h" + zone, zone, "", 9000, 90_000, 900_000))
                        .toList();
        var profile =
                new Profile("web", List.of(), List.of("sa", "sb", "sc"), UnsupportedPods.REJECT);
        return new Placer()
                .place(
                        new Request(
                                "web",
                                SMALL,
                                _ -> true,
                                _ -> "",
                                spread(constraint),
                                Optional.empty()),
                        new Snapshot(Map.of("web", profile), subnets, rooms, Set.of()));
    }

    private static SubnetRoom subnet(String zone, int number) {
        var cidr = Cidr.parse("10.0.%d.0/24".formatted(number));
        return new SubnetRoom("s" + zone, "default", "us-west-2", zone, cidr, 0);
    }

    private static Pod pod(String namespace, String app, String spec) {
        var pod =
                Serialization.unmarshal(
                        """
                        apiVersion: v1
                        kind: Pod
                        metadata: {name: p, namespace: %s, labels: {app: %s}}
                        spec: %s
                        """
                                .formatted(namespace, app, spec),
                        Pod.class);
        pod.getMetadata().setUid(UUID.randomUUID().toString());
        return pod;
    }
}
