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
import dev.monopod.model.network.Firewall;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyBuilder;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
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
    private final Map<String, Firewall> applied = new ConcurrentHashMap<>();
    private final List<String> told = new CopyOnWriteArrayList<>();
    private final AtomicInteger rounds = new AtomicInteger();
    private volatile Supplier<NetworkObjects> objects =
            () -> objects(machine("a", "red"), machine("b", "blue"));
    private final Firewalls firewalls =
            new Firewalls(
                    () -> objects.get(),
                    "one",
                    new RefusingTables(),
                    (object, _, _, message, _) ->
                            told.add(object.getMetadata().getNamespace() + ": " + message),
                    loops);

    /// Takes what it is not told to refuse: VPCs, and owners of chains.
    private final class RefusingTables implements Firewalls.Tables {
        @Override
        public void apply(String vpc, Firewall firewall) {
            check(vpc, firewall);
            applied.put(vpc, firewall);
        }

        @Override
        public void check(String vpc, Firewall firewall) {
            if (refusing.contains(vpc)
                    || firewall.chains().values().stream()
                            .anyMatch(chain -> refusing.contains(chain.owners()))) {
                throw new NetworkException("nft refuses the rules of " + vpc);
            }
        }
    }

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
    void leavesOutThePoliciesThatTheKernelRefusesAndServesAllOthers() {
        var fine = objects;
        objects =
                () ->
                        withPolicies(
                                objects(machine("a", "red"), machine("b", "red", "mallory")),
                                policy("default"),
                                policy("mallory"));
        refusing.add("NetworkPolicy mallory/closed");
        firewalls.start();

        firewalls.awaitRules("a", LIMIT);
        firewalls.awaitRules("b", LIMIT);

        var owners = applied.get("red").chains().values().stream().map(Firewall.Chain::owners);
        assertThat(owners)
                .contains("NetworkPolicy default/closed")
                .anyMatch(
                        text -> text.startsWith("NetworkPolicies of mallory, which are not served"))
                .doesNotContain("NetworkPolicy mallory/closed");
        await().until(() -> !told.isEmpty());
        assertThat(told)
                .containsExactly(
                        "mallory: the NetworkPolicies of namespace mallory let no connection through:"
                                + " the packet filter refused them");
        objects = fine;
    }

    @Test
    void keepsTheLastRulesWhenNoPolicyIsWhatTheKernelRefuses() {
        firewalls.start();
        firewalls.awaitRules("a", LIMIT);
        var before = applied.get("red");

        refusing.add("red");
        objects =
                () ->
                        withPolicies(
                                objects(machine("a", "red"), machine("b", "blue")),
                                policy("default"));
        firewalls.changed();

        await().until(() -> health().failures() > 0);
        assertThat(applied.get("red")).isEqualTo(before);
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

    private static NetworkObjects withPolicies(NetworkObjects some, NetworkPolicy... policies) {
        return new NetworkObjects(
                some.vpcs(),
                some.subnets(),
                some.groups(),
                some.prefixLists(),
                List.of(policies),
                some.namespaces(),
                some.machines(),
                some.pods(),
                some.hosts(),
                some.nodes());
    }

    private static NetworkPolicy policy(String namespace) {
        return new NetworkPolicyBuilder()
                .withNewMetadata()
                .withNamespace(namespace)
                .withName("closed")
                .endMetadata()
                .withNewSpec()
                .withNewPodSelector()
                .endPodSelector()
                .endSpec()
                .build();
    }

    private static Machine machine(String name, String vpc) {
        return machine(name, vpc, "default");
    }

    private static Machine machine(String name, String vpc, String namespace) {
        var machine = new Machine();
        machine.setMetadata(new ObjectMetaBuilder().withName(name).build());
        machine.setSpec(
                new MachineSpec(
                        "one",
                        new MachineSpec.PodReference(namespace, name, "uid-" + name),
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
