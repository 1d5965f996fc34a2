package dev.monopod.cli.net;

import dev.monopod.kube.api.Host;
import dev.monopod.kube.api.Machine;
import dev.monopod.kube.api.PrefixList;
import dev.monopod.kube.api.SecurityGroup;
import dev.monopod.kube.api.Subnet;
import dev.monopod.kube.api.Vpc;
import dev.monopod.kube.mapping.NetworkObjects;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.List;

/// What a trace looks at, as the API server has it now.
record NetReads(NetworkObjects network, List<Service> services, List<EndpointSlice> slices) {
    static NetReads all(KubernetesClient client) {
        return new NetReads(
                new NetworkObjects(
                        client.resources(Vpc.class).list().getItems(),
                        client.resources(Subnet.class).list().getItems(),
                        client.resources(SecurityGroup.class).list().getItems(),
                        client.resources(PrefixList.class).list().getItems(),
                        client.network().v1().networkPolicies().inAnyNamespace().list().getItems(),
                        client.namespaces().list().getItems(),
                        client.resources(Machine.class).list().getItems(),
                        client.pods().inAnyNamespace().list().getItems(),
                        client.resources(Host.class).list().getItems(),
                        client.nodes().list().getItems()),
                client.services().inAnyNamespace().list().getItems(),
                client.discovery().v1().endpointSlices().inAnyNamespace().list().getItems());
    }
}
