package dev.monopod.cli.why;

import dev.monopod.kube.api.FargateProfile;
import dev.monopod.kube.api.Machine;
import dev.monopod.model.names.Names;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.List;
import java.util.Optional;

/// What the API server says of one pod and of what it depends on. Asked for one thing at a time, as
/// far as the answer needs it.
public interface WhyFacts {
    String namespace();

    String name();

    /// Empty if there is no such pod.
    Optional<Pod> pod();

    List<FargateProfile> profiles();

    Optional<Machine> machine(String podUid);

    /// All events of its namespace.
    List<Event> eventsOfNamespace();

    List<Event> events(String podUid);

    /// As the API server has it now. The caller closes the client.
    static WhyFacts of(KubernetesClient client, String namespace, String name) {
        return new Asked(client, namespace, name);
    }

    /// Asks at each call.
    record Asked(KubernetesClient client, String namespace, String name) implements WhyFacts {
        @Override
        public Optional<Pod> pod() {
            return Optional.ofNullable(client.pods().inNamespace(namespace).withName(name).get());
        }

        @Override
        public List<FargateProfile> profiles() {
            return client.resources(FargateProfile.class).list().getItems();
        }

        @Override
        public Optional<Machine> machine(String podUid) {
            return Optional.ofNullable(
                    client.resources(Machine.class).withName(Names.machine(podUid)).get());
        }

        @Override
        public List<Event> eventsOfNamespace() {
            return client.v1().events().inNamespace(namespace).list().getItems();
        }

        @Override
        public List<Event> events(String podUid) {
            return client.v1()
                    .events()
                    .inNamespace(namespace)
                    .withField("involvedObject.uid", podUid)
                    .list()
                    .getItems();
        }
    }
}
