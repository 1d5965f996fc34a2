package dev.monopod.controller.scheduling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.monopod.controller.crd.CrdInstaller;
import dev.monopod.kube.api.Machine;
import dev.monopod.model.loop.Loops;
import dev.monopod.model.network.Cidr;
import dev.monopod.model.time.Clocks;
import dev.monopod.testkit.api.ApiServer;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/// Claims of addresses against a real API server, with clocks that are stepped.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class LeftoverClaimsIT {
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00.123456789Z");

    private final Loops loops = new Loops(Clock.systemUTC(), new Random());
    private final AtomicLong nanos = new AtomicLong();

    private ApiServer apiServer;
    private KubernetesClient client;
    private PlacementApi api;

    @BeforeAll
    void start() throws IOException, InterruptedException {
        var binary = ApiServer.binary();
        Assumptions.assumeTrue(Files.isExecutable(binary), "no " + binary);
        apiServer = ApiServer.start(binary);
        client = apiServer.client();
        new CrdInstaller(client).install(Duration.ofSeconds(30));
        api = new KubernetesPlacementApi(client, Clocks.of(Clock.fixed(NOW, ZoneOffset.UTC)));
    }

    @AfterAll
    void stop() {
        if (client != null) {
            client.close();
        }
        if (apiServer != null) {
            apiServer.close();
        }
    }

    @Test
    void givesBackAnAddressThatNobodyHasUsedForTenMinutes() {
        var unused = machine("m-unused", "10.0.1.5");
        var placed = machine("m-placed", "10.0.1.6");
        var renewed = machine("m-renewed", "10.0.1.7");
        List.of(unused, placed, renewed).forEach(each -> assertThat(api.claim(each)).isPresent());
        client.resource(placed).create();
        // The watch shows no machine at all, as when it lags.
        var leftovers = new LeftoverClaims(client, List::of, loops, nanos::get);

        leftovers.sweep();
        pass(leftovers, 9);
        assertThat(api.claim(another(unused))).isEmpty();
        renew(renewed);
        pass(leftovers, 1);

        assertThat(api.claim(another(unused))).isPresent();
        assertThat(api.claim(another(placed))).isEmpty();
        assertThat(api.claim(another(renewed))).isEmpty();
    }

    @Test
    void leavesTheClaimOfAMachineThatTheWatchShows() {
        var machine = machine("m-watched", "10.0.1.8");
        assertThat(api.claim(machine)).isPresent();
        var leftovers = new LeftoverClaims(client, () -> List.of(machine), loops, nanos::get);

        leftovers.sweep();
        pass(leftovers, 60);

        assertThat(api.claim(another(machine))).isEmpty();
    }

    @Test
    void givesBackItsOwnClaimAndNotThatOfAnotherForTheSameMachine() {
        var machine = machine("m-again", "10.0.1.9");
        var mine = api.claim(machine).orElseThrow();
        api.release(mine);
        var later =
                new KubernetesPlacementApi(
                        client, Clocks.of(Clock.fixed(NOW.plusSeconds(1), ZoneOffset.UTC)));
        assertThat(later.claim(machine)).isPresent();

        api.release(mine);

        assertThat(api.claim(another(machine))).isEmpty();
    }

    @Test
    void takesOverWhatAnEarlierSchedulerClaimedForTheSameMachineOnTheSameHost() {
        var machine = machine("m-earlier", "10.0.1.11");
        var before = api.claim(machine).orElseThrow();
        assertThat(api.earlier())
                .containsEntry("m-earlier", new EarlierPlace("one", Cidr.address("10.0.1.11")));
        var elsewhere = machine("two", "m-earlier", "10.0.1.11");
        var next =
                new KubernetesPlacementApi(
                        client, Clocks.of(Clock.fixed(NOW.plusSeconds(60), ZoneOffset.UTC)));
        assertThat(next.claim(elsewhere)).isEmpty();

        var taken = next.claim(machine).orElseThrow();
        // Who had it before lives, and goes on.
        api.release(before);

        assertThat(next.create(machine, taken).getMetadata().getUid()).isNotEmpty();
        assertThat(api.claim(another(machine))).isEmpty();
    }

    @Test
    void takesOverNothingThatAnAgentHasRenewed() {
        var machine = machine("m-begun", "10.0.1.12");
        assertThat(api.claim(machine)).isPresent();
        renew(machine);

        assertThat(api.claim(machine)).isEmpty();
        assertThat(api.earlier()).doesNotContainKey("m-begun");
    }

    private void renew(Machine machine) {
        client.leases()
                .inNamespace(AddressClaim.NAMESPACE)
                .withName(machine.getSpec().nodeName())
                .edit(lease -> {
                    lease.getSpec().setRenewTime(NOW.plusSeconds(9).atZone(ZoneOffset.UTC));
                    return lease;
                });
    }

    /// That would have the same address.
    private static Machine another(Machine machine) {
        return machine(
                machine.getMetadata().getName() + "-2", machine.getSpec().network().address());
    }

    /// A process that was stopped must not go on where it was: its claim may be another's by now.
    @Test
    void createsNoMachineForAnOldClaim() {
        var machine = machine("m-old", "10.0.1.10");
        var claim = api.claim(machine).orElseThrow();
        for (var seconds : List.of(31, -1)) {
            var resumed =
                    new KubernetesPlacementApi(
                            client,
                            Clocks.of(Clock.fixed(NOW.plusSeconds(seconds), ZoneOffset.UTC)));
            assertThat(refusal(() -> resumed.create(machine, claim))).contains("too long ago");
        }

        assertThat(api.create(machine, claim).getMetadata().getUid()).isNotEmpty();
    }

    private static String refusal(Runnable call) {
        return catchThrowable(call::run).getMessage();
    }

    private void pass(LeftoverClaims leftovers, long minutes) {
        nanos.addAndGet(Duration.ofMinutes(minutes).toNanos());
        leftovers.sweep();
    }

    private static Machine machine(String name, String address) {
        return machine("one", name, address);
    }

    private static Machine machine(String host, String name, String address) {
        return Serialization.unmarshal(
                """
                apiVersion: monopod.dev/v1
                kind: Machine
                metadata: {name: %s}
                spec:
                  host: %s
                  pod: {namespace: shop, name: web, uid: 0-1}
                  nodeName: fargate-ip-%s.us-west-2.compute.internal
                  profile: web
                  size: {milliCpu: 250, memoryMebiBytes: 512, storageMebiBytes: 20480}
                  network:
                    vpc: default
                    subnet: a
                    zone: us-west-2a
                    address: %s
                    gateway: 10.0.1.1
                    mac: "02:00:0a:00:01:05"
                """
                        .formatted(name, host, address.replace('.', '-'), address),
                Machine.class);
    }
}
