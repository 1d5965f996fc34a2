package dev.monopod.agent.firewall;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.monopod.host.network.NetworkException;
import dev.monopod.kube.api.Machine;
import dev.monopod.kube.api.MachineSpec;
import dev.monopod.kube.api.Vpc;
import dev.monopod.kube.api.VpcSpec;
import dev.monopod.kube.mapping.NetworkObjects;
import dev.monopod.model.loop.LoopHealth;
import dev.monopod.model.loop.Loops;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class FirewallsTest {
    private static final Duration LIMIT = Duration.ofSeconds(10);

    private final Loops loops = new Loops(Clock.systemUTC(), new Random(1));
    private final Set<String> refusing = ConcurrentHashMap.newKeySet();
    private final AtomicInteger rounds = new AtomicInteger();
    private volatile Supplier<NetworkObjects> objects =
            () -> objects(machine("a", "red"), machine("b", "blue"));
    private final Firewalls firewalls =
            new Firewalls(
                    () -> objects.get(),
                    "one",
                    (vpc, firewall) -> {
                        if (refusing.contains(vpc)) {
                            throw new NetworkException("nft refuses the rules of " + vpc);
                        }
                    },
                    loops);

    @AfterEach
    void close() {
        firewalls.close();
    }

    @Test
    void saysWhenTheRulesOfAMachineHold() {
        firewalls.start();

        firewalls.awaitRules("a", LIMIT);
        firewalls.awaitRules("b", LIMIT);

        assertThatThrownBy(() -> firewalls.awaitRules("unknown", Duration.ofMillis(1)))
                .isInstanceOf(NetworkException.class)
                .hasMessageContaining("no security group rules for unknown");
    }

    @Test
    void guardsTheOtherVpcsWhenOneIsRefused() {
        refusing.add("red");
        firewalls.start();

        firewalls.awaitRules("b", LIMIT);
        assertThatThrownBy(() -> firewalls.awaitRules("a", Duration.ofMillis(1)))
                .isInstanceOf(NetworkException.class);
        await().until(() -> health().failures() > 0);
        assertThat(health().lastError()).contains("nft refuses the rules of red");

        refusing.clear();

        firewalls.awaitRules("a", LIMIT);
        await().until(() -> health().failures() == 0);
    }

    @Test
    void goesOnAfterAFailureOfItsOwn() {
        var fine = objects;
        objects =
                () -> {
                    throw new StackOverflowError();
                };
        firewalls.start();
        await().until(() -> health().failures() >= 2);

        objects = fine;

        firewalls.awaitRules("a", LIMIT);
    }

    @Test
    void takesAPodThatComesLater() {
        firewalls.start();
        firewalls.awaitRules("a", LIMIT);

        objects = () -> objects(machine("c", "red"));
        firewalls.changed();

        firewalls.awaitRules("c", LIMIT);
    }

    @Test
    void takesABurstOfChangesTogether() throws InterruptedException {
        var fine = objects;
        var first = new CountDownLatch(1);
        var gate = new Semaphore(0);
        objects =
                () -> {
                    rounds.incrementAndGet();
                    first.countDown();
                    gate.acquireUninterruptibly();
                    return fine.get();
                };
        firewalls.start();
        first.await();

        for (int i = 0; i < 1_000; i++) {
            firewalls.changed();
        }
        gate.release(1_000);

        firewalls.awaitRules("a", LIMIT);
        await().during(Duration.ofMillis(100)).until(() -> rounds.get() == 2);
    }

    private LoopHealth health() {
        return loops.health().getFirst();
    }

    private static NetworkObjects objects(Machine... machines) {
        return new NetworkObjects(
                List.of(vpc("red", "192.168.0.0/16"), vpc("blue", "10.0.0.0/16")),
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                List.of(machines),
                List.of(machines).stream().map(FirewallsTest::pod).toList(),
                List.of(),
                List.of());
    }

    private static Vpc vpc(String name, String range) {
        var vpc = new Vpc();
        vpc.setMetadata(new ObjectMetaBuilder().withName(name).build());
        vpc.setSpec(new VpcSpec(List.of(range), "us-west-2", null, null));
        return vpc;
    }

    private static Machine machine(String name, String vpc) {
        var machine = new Machine();
        machine.setMetadata(new ObjectMetaBuilder().withName(name).build());
        machine.setSpec(
                new MachineSpec(
                        "one",
                        new MachineSpec.PodReference("default", name, "uid-" + name),
                        "node-" + name,
                        "profile",
                        new MachineSpec.Size(250, 512, 20_480),
                        new MachineSpec.Interface(
                                vpc,
                                "private",
                                "a",
                                (vpc.equals("red") ? "192.168.96." : "10.0.96.")
                                        + (int) name.charAt(0),
                                "192.168.96.1",
                                "02:00:c0:a8:60:0a")));
        return machine;
    }

    private static Pod pod(Machine machine) {
        var reference = machine.getSpec().pod();
        return new PodBuilder()
                .withNewMetadata()
                .withName(reference.name())
                .withNamespace(reference.namespace())
                .withUid(reference.uid())
                .endMetadata()
                .withNewSpec()
                .endSpec()
                .build();
    }
}
