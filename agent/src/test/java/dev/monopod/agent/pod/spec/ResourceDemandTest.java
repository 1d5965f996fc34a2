package dev.monopod.agent.pod.spec;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.kube.api.MachineSpec;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.utils.Serialization;
import org.junit.jupiter.api.Test;

/// What of a pod's resources its machine can have.
final class ResourceDemandTest {
    private static final MachineSpec.Size MACHINE = new MachineSpec.Size(250, 512, 20_480);

    private static Pod pod(String requests) {
        return Serialization.unmarshal(
                """
                metadata: {name: web, namespace: default, uid: uid, generation: 2}
                spec:
                  containers:
                    - name: app
                      resources: {requests: {%s}}
                    - name: side
                      resources: {requests: {memory: 100Mi}}
                """
                        .formatted(requests),
                Pod.class);
    }

    @Test
    void fitsTheMachine() {
        Pod pod = pod("memory: 412Mi");

        ResourceDemand demand = PodPlan.of(pod, MACHINE).resources();

        assertThat(demand.excess()).isEmpty();
        assertThat(demand.asked()).isEqualTo(PodAllocation.of(pod));
        assertThat(demand.generation()).isEqualTo(2);
    }

    @Test
    void saysWhatNoMachineOfThisSizeHolds() {
        assertThat(PodPlan.of(pod("cpu: 1"), MACHINE).resources().excess())
                .contains(
                        "Node didn't have enough capacity: cpu, requested: 1000, capacity: 250; the pod's machine has"
                                + " 0.25vCPU 0.5GB and can't grow: create the pod anew for a larger one");
        assertThat(PodPlan.of(pod("memory: 413Mi"), MACHINE).resources().excess())
                .hasValueSatisfying(message ->
                        assertThat(message)
                                .startsWith(
                                        "Node didn't have enough capacity: memory, requested: 537919488,"
                                                + " capacity: 536870912"));
    }

    @Test
    void isOfEveryPodThatKnowsNoMachine() {
        assertThat(PodPlan.of(pod("cpu: 100")).resources().excess()).isEmpty();
    }
}
