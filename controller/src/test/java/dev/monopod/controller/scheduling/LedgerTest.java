package dev.monopod.controller.scheduling;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.kube.api.FargateProfile;
import dev.monopod.kube.api.Host;
import dev.monopod.kube.api.Machine;
import dev.monopod.kube.api.MachineStatus;
import dev.monopod.kube.api.Subnet;
import dev.monopod.kube.api.Vpc;
import dev.monopod.model.network.Cidr;
import dev.monopod.model.time.Clocks;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// What is given out, across what the watches show late.
final class LedgerTest {
    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

    private final SteppedClock clock = new SteppedClock();
    private final SteppedClock wall = new SteppedClock();
    private final List<FargateProfile> profiles = new ArrayList<>();
    private final List<Subnet> subnets = new ArrayList<>();
    private final List<Vpc> vpcs = new ArrayList<>();
    private final List<Host> hosts = new ArrayList<>();
    private final List<Machine> machines = new ArrayList<>();
    private volatile long upTo;
    private final Ledger ledger =
            new Ledger(
                    () -> new Ledger.Seen(profiles, subnets, vpcs, hosts, machines),
                    () -> upTo,
                    new Clocks(wall.withZone(ZoneOffset.UTC), clock.withZone(ZoneOffset.UTC)));

    @Test
    void countsAMachineOnceFromItsCreationOn() {
        hosts.add(host("one", "{}", START));
        var machine = machine("m-1", "one", "10.0.1.4");

        ledger.reserve(machine);
        assertThat(freeMemory()).isEqualTo(8192 - 512);
        machines.add(machine);
        assertThat(freeMemory()).isEqualTo(8192 - 512);
        machines.clear();
        ledger.released(machine);
        assertThat(freeMemory()).isEqualTo(8192);
    }

    /// What two leaders gave, of whom each knew its own only.
    @Test
    void findsThatAHostWasGivenMoreThanItHasOnceTheWatchShowsIt() {
        hosts.add(host("one", "{}", START));
        // Its storage, 100 000 MiB, is full with four of 20 480.
        for (int i = 1; i <= 4; i++) {
            machines.add(created("m-" + i, "10.0.1." + i, i));
        }
        upTo = 4;
        assertThat(ledger.hasRoom(machines.getLast())).isTrue();

        machines.add(created("m-5", "10.0.1.5", 5));
        upTo = 5;
        assertThat(ledger.hasRoom(machines.getLast())).isFalse();
        var elsewhere = machine("m-6", "two", "10.0.1.6");
        elsewhere.getMetadata().setResourceVersion("5");
        assertThat(ledger.hasRoom(elsewhere)).isTrue();
    }

    @Test
    void doesNotJudgeTheRoomOfAMachineByAViewFromBeforeIt() throws InterruptedException {
        hosts.add(host("one", "{}", START));
        var machine = created("m-1", "10.0.1.4", 2);
        machines.add(machine);
        upTo = 1;
        var judged = Thread.ofVirtual().start(() -> ledger.hasRoom(machine));

        assertThat(judged.join(Duration.ofMillis(100))).isFalse();
        upTo = 2;
        assertThat(judged.join(Duration.ofSeconds(5))).isTrue();
    }

    /// A completed pod keeps its machine's object, and its address, until somebody deletes the pod.
    @ParameterizedTest
    @EnumSource(MachineStatus.Phase.class)
    void givesBackTheRoomOfAMachineThatHasEnded(MachineStatus.Phase phase) {
        hosts.add(host("one", "{}", START));
        var machine = machine("m-1", "one", "10.0.1.4");
        machine.setStatus(new MachineStatus(phase, null, null, null, null, null, null));
        machines.add(machine);

        var ended = phase == MachineStatus.Phase.Stopped || phase == MachineStatus.Phase.Failed;
        assertThat(freeMemory()).isEqualTo(ended ? 8192 : 8192 - 512);
        assertThat(taken("10.0.1.4")).isTrue();
    }

    @Test
    void restsAnAddressForThirtySecondsAfterUse() {
        var machine = machine("m-1", "one", "10.0.1.4");
        ledger.reserve(machine);

        ledger.released(machine);

        assertThat(taken("10.0.1.4")).isTrue();
        clock.pass(Duration.ofSeconds(30));
        assertThat(taken("10.0.1.4")).isTrue();
        clock.pass(Duration.ofSeconds(1));
        assertThat(taken("10.0.1.4")).isFalse();
    }

    @Test
    void restsAnAddressAsLongWhenTheWallClockIsSet() {
        for (var hours : List.of(-1, 2)) {
            ledger.released(machine("m-1", "one", "10.0.1.4"));

            wall.pass(Duration.ofHours(hours));

            assertThat(taken("10.0.1.4")).isTrue();
            clock.pass(Duration.ofSeconds(31));
            assertThat(taken("10.0.1.4")).isFalse();
        }
    }

    @Test
    void keepsWhatWasClaimedBeforeForItsMachineUntilTheClaimMustHaveGone() {
        machines.add(machine("m-runs", "one", "10.0.1.9"));
        ledger.keep(
                Map.of(
                        "m-1", earlier("10.0.1.4"),
                        "m-2", earlier("10.0.1.5"),
                        "m-runs", earlier("10.0.1.9")));

        assertThat(taken("10.0.1.4")).isTrue();
        assertThat(ledger.earlier("m-1")).contains(earlier("10.0.1.4"));
        assertThat(ledger.earlier("m-runs")).isEmpty();

        ledger.reserve(machine("m-1", "one", "10.0.1.7"));
        assertThat(ledger.earlier("m-1")).isEmpty();
        assertThat(taken("10.0.1.4")).as("its machine went elsewhere").isFalse();
        clock.pass(Duration.ofMinutes(12));
        assertThat(taken("10.0.1.5")).isTrue();
        clock.pass(Duration.ofSeconds(1));
        assertThat(taken("10.0.1.5")).isFalse();
    }

    private static EarlierPlace earlier(String address) {
        return new EarlierPlace("one", Cidr.address(address));
    }

    @Test
    void givesTheHostsOwnAddressToNoPod() {
        vpcs.add(
                read(
                        Vpc.class,
                        "{apiVersion: monopod.dev/v1, kind: Vpc, metadata: {name: default}, spec:"
                                + " {cidrs: [10.0.0.0/16], region: us-west-2}}"));

        assertThat(taken("10.0.0.4")).isTrue();
    }

    @Test
    void holdsAHostBackThatWasSilentForMoreThanFortySeconds() {
        hosts.add(host("one", "{}", START));

        wall.pass(Duration.ofSeconds(40));
        assertThat(state()).isEmpty();
        wall.pass(Duration.ofSeconds(1));
        assertThat(state()).isEqualTo("is silent since 2026-01-01T00:00:00Z");
    }

    @Test
    void holdsBackAHostWhoseDiskIsNearlyFull() {
        var host = host("one", "{}", START);
        hosts.add(host);
        for (var status : List.of("False", "True", "Unknown")) {
            var pressed =
                    """
                    status:
                      heartbeat: %s
                      conditions: [{type: Ready, status: "True"}, {type: DiskPressure, status: "%s"}]
                    """
                            .formatted(START, status);
            host.setStatus(read(Host.class, pressed).getStatus());
            assertThat(state()).isEqualTo(status.equals("True") ? "has disk pressure" : "");
        }
    }

    @Test
    void holdsBackHostsThatTakeNoMachineForOtherReasons() {
        hosts.add(host("one", "{unschedulable: true}", START));
        assertThat(state()).isEqualTo("is cordoned");

        var leaving = host("one", "{}", START);
        leaving.getMetadata().setDeletionTimestamp(START.toString());
        hosts.set(0, leaving);
        assertThat(state()).isEqualTo("is being removed");

        var fresh = host("one", "{}", START);
        fresh.setStatus(null);
        hosts.set(0, fresh);
        assertThat(state()).isEqualTo("has not reported yet");
    }

    @Test
    void knowsOnlyActiveProfilesAndSubnetsOfAVpc() {
        for (var phase : List.of("ACTIVE", "CREATING", "CREATE_FAILED", "DELETING")) {
            profiles.add(
                    read(
                            FargateProfile.class,
                            "{apiVersion: monopod.dev/v1, kind: FargateProfile, metadata: {name: %s}, spec: {subnets: [a]}, status: {phase: %s}}"
                                    .formatted(phase.toLowerCase(Locale.ROOT), phase)));
        }
        subnets.add(
                read(
                        Subnet.class,
                        "{apiVersion: monopod.dev/v1, kind: Subnet, metadata: {name: a}, spec:"
                                + " {vpc: gone, cidr: 10.0.1.0/24, zone: us-west-2a}}"));

        assertThat(ledger.snapshot().profiles()).containsOnlyKeys("active");
        assertThat(ledger.snapshot().subnets()).isEmpty();
    }

    private long freeMemory() {
        return ledger.snapshot().hosts().getFirst().freeMemoryMebiBytes();
    }

    private String state() {
        return ledger.snapshot().hosts().getFirst().state();
    }

    private boolean taken(String address) {
        return ledger.snapshot().taken().contains(Cidr.address(address));
    }

    private static Host host(String name, String spec, Instant heartbeat) {
        return read(
                Host.class,
                """
                apiVersion: monopod.dev/v1
                kind: Host
                metadata: {name: %s}
                spec: %s
                status:
                  capacityMilliCpu: 4000
                  capacityMemoryMebiBytes: 8192
                  capacityStorageMebiBytes: 100000
                  heartbeat: %s
                """
                        .formatted(name, spec, heartbeat));
    }

    private static Machine machine(String name, String host, String address) {
        return read(
                Machine.class,
                """
                apiVersion: monopod.dev/v1
                kind: Machine
                metadata: {name: %s}
                spec:
                  host: %s
                  size: {milliCpu: 250, memoryMebiBytes: 512, storageMebiBytes: 20480}
                  network: {vpc: default, subnet: a, address: %s}
                """
                        .formatted(name, host, address));
    }

    private static Machine created(String name, String address, long version) {
        var machine = machine(name, "one", address);
        machine.getMetadata().setResourceVersion(Long.toString(version));
        return machine;
    }

    private static <T extends HasMetadata> T read(Class<T> type, String yaml) {
        return Serialization.unmarshal("---\n" + yaml, type);
    }

    private static final class SteppedClock implements InstantSource {
        private Instant now = START;

        void pass(Duration time) {
            now = now.plus(time);
        }

        @Override
        public Instant instant() {
            return now;
        }
    }
}
