package dev.monopod.loadbalancing.rules;

import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.api.model.networking.v1.Ingress;
import io.fabric8.kubernetes.api.model.networking.v1.IngressClass;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/// What is known of the cluster's objects. Lists may lag behind; lookups are cheap.
public interface Inventory {
    List<Service> services();

    List<Ingress> ingresses();

    List<IngressClass> ingressClasses();

    Optional<Service> service(String namespace, String name);

    /// Certificate chain and key in PEM of the Secret, of type `kubernetes.io/tls`, with that name;
    /// empty when there is none that can be read.
    Optional<String> certificate(String namespace, String name);

    Optional<Namespace> namespace(String name);

    Collection<EndpointSlice> slices(String namespace, String service);

    /// A pod that has a readiness gate of a load balancer.
    Optional<Pod> gatedPod(String namespace, String name);

    /// Who has which machine's address, as it is now.
    Machines machines();

    /// What administrators say of IngressClasses; empty where the definition is not served.
    List<IngressClassParams> ingressClassParams();

    /// The objects of the Gateway API; empty where its definitions are not installed.
    GatewayObjects gateways();
}
