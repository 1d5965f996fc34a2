package dev.monopod.eks.podidentity;

import dev.monopod.eks.identity.IdentityUnavailableException;
import dev.monopod.kube.api.Host;
import dev.monopod.kube.api.Machine;
import dev.monopod.kube.api.MachineSpec;
import dev.monopod.model.names.Names;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.util.Optional;

/// By the pods' Machines, which only the scheduler makes. A host whose rights were taken from it
/// runs none. Any thread may ask.
public final class MachinesOfPods implements PodHosts {
    private final KubernetesClient client;

    public MachinesOfPods(KubernetesClient client) {
        this.client = client;
    }

    @Override
    public Optional<String> hostOf(PodToken pod) {
        try {
            return Optional.ofNullable(
                            client.resources(Machine.class)
                                    .withName(Names.machine(pod.uid()))
                                    .get())
                    .map(Machine::getSpec)
                    .filter(spec ->
                            spec.pod().uid().equals(pod.uid())
                                    && spec.pod().namespace().equals(pod.namespace())
                                    && spec.pod().name().equals(pod.pod()))
                    .map(MachineSpec::host)
                    .filter(this::hasItsRights);
        } catch (KubernetesClientException failure) {
            throw new IdentityUnavailableException(
                    "cannot read the Machine of pod " + pod.uid(), failure);
        }
    }

    private boolean hasItsRights(String name) {
        return Optional.ofNullable(client.resources(Host.class).withName(name).get())
                .map(host -> host.getMetadata().getAnnotations())
                .filter(annotations -> annotations.containsKey(Names.REVOKED_ANNOTATION))
                .isEmpty();
    }
}
