package dev.monopod.kube.patching;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.kube.api.Host;
import dev.monopod.kube.api.Machine;
import dev.monopod.kube.api.PatchRunSpec.Pods;
import dev.monopod.kube.eviction.Budgets;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

final class PatchTargetTest {
    private static final Instant ASKED = Instant.parse("2026-01-01T12:00:00Z");
    private static final String NEW = "{kernel: k2, guest: g2, qemu: q2}";
    private static final List<Host> HOSTS =
            List.of(
                    read(Host.class, "metadata: {name: h}\nstatus: {machineVersions: " + NEW + "}"),
                    read(Host.class, "metadata: {name: silent}\nstatus: {}"));

    @Test
    void outOfDateIsWhatDiffersFromItsHostInAnyProgramOrDoesNotSay() {
        assertThat(outOfDate(machine("h", NEW))).isFalse();
        assertThat(outOfDate(machine("h", "{kernel: k2, guest: g1, qemu: q2}"))).isTrue();
        assertThat(outOfDate(machine("h", "{kernel: k1, guest: g2, qemu: q2}"))).isTrue();
        assertThat(outOfDate(machine("h", "{kernel: k2, guest: g2, qemu: q1}"))).isTrue();
        assertThat(outOfDate(machine("h", "null"))).as("made by an earlier agent").isTrue();
        assertThat(outOfDate(machine("silent", NEW))).as("nobody knows").isFalse();
        assertThat(outOfDate(machine("gone", NEW))).isFalse();
    }

    /// They wait for an image or a network: the machine that comes is a new one.
    @Test
    void podsWhoseMachineHasNotBegunAreNone() {
        var pod = pod("Pending", "2026-01-01T11:00:00Z");

        for (var phase : new String[] {"null", "Pending", "Starting"}) {
            assertThat(all(pod, List.of(machine("h", phase, "null")), Pods.OutOfDate)).isEmpty();
            assertThat(all(pod, List.of(machine("h", phase, "null")), Pods.All)).isEmpty();
        }
        assertThat(all(pod, List.of(machine("h", "Stopping", "null")), Pods.OutOfDate)).hasSize(1);
    }

    @Test
    void podsThatEndedOrCameAfterTheRoundAreNone() {
        var machines = List.of(machine("h", "null"));

        assertThat(all(pod("Running", "2026-01-01T12:00:00Z"), machines, Pods.All)).hasSize(1);
        assertThat(all(pod("Running", "2026-01-01T12:00:01Z"), machines, Pods.All)).isEmpty();
        assertThat(all(pod("Succeeded", "2026-01-01T11:00:00Z"), machines, Pods.All)).isEmpty();
        assertThat(all(pod("Running", "2026-01-01T11:00:00Z"), List.of(), Pods.All)).isEmpty();
    }

    @Test
    void aBudgetThatNeverAllowsAnyIsToldFromOneThatDoesNotNow() {
        assertThat(Budgets.neverAllows(budget(3, 3, 1))).isTrue();
        assertThat(Budgets.neverAllows(budget(3, 2, 1))).isFalse();
        assertThat(Budgets.neverAllows(budget(0, 0, 1))).as("it counts no pod").isFalse();
        assertThat(Budgets.neverAllows(budget(3, 3, 0))).as("not counted yet").isFalse();
    }

    private static boolean outOfDate(Machine machine) {
        var found = all(pod("Running", "2026-01-01T11:00:00Z"), List.of(machine), Pods.OutOfDate);
        return !found.isEmpty();
    }

    private static List<PatchTarget> all(Pod pod, List<Machine> machines, Pods which) {
        return PatchTarget.of(List.of(pod), machines, HOSTS, which, ASKED);
    }

    private static Pod pod(String phase, String created) {
        return read(
                Pod.class,
                "metadata: {name: web, namespace: shop, uid: u, creationTimestamp: '%s'}\nstatus: {phase: %s}"
                        .formatted(created, phase));
    }

    private static Machine machine(String host, String versions) {
        return machine(host, "Running", versions);
    }

    private static Machine machine(String host, String phase, String versions) {
        return read(
                Machine.class,
                """
                metadata: {name: m-u}
                spec: {host: %s, profile: p, network: {zone: z}}
                status: {phase: %s, versions: %s}
                """
                        .formatted(host, phase, versions));
    }

    private static PodDisruptionBudget budget(int expected, int desired, int observed) {
        return read(
                PodDisruptionBudget.class,
                "metadata: {name: b, generation: 1}\nstatus: {expectedPods: %d, desiredHealthy: %d, observedGeneration: %d}"
                        .formatted(expected, desired, observed));
    }

    private static <T> T read(Class<T> type, String yaml) {
        return Serialization.unmarshal("---\n" + yaml, type);
    }
}
