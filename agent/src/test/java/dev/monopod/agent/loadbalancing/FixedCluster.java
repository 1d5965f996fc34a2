package dev.monopod.agent.loadbalancing;

import dev.monopod.loadbalancing.rules.GatewayObjects;
import dev.monopod.loadbalancing.rules.IngressClassParams;
import dev.monopod.loadbalancing.rules.Inventory;
import dev.monopod.loadbalancing.rules.Machines;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSliceBuilder;
import io.fabric8.kubernetes.api.model.networking.v1.Ingress;
import io.fabric8.kubernetes.api.model.networking.v1.IngressClass;
import io.fabric8.kubernetes.api.model.networking.v1.IngressClassBuilder;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The objects of a cluster with one namespace, `shop`, as a test puts them there.
final class FixedCluster implements Inventory {
    final List<Ingress> ingresses = new ArrayList<>();
    final Map<String, String> certificates = new HashMap<>();
    GatewayObjects gateways = GatewayObjects.NONE;
    private final Map<String, Service> services = new HashMap<>();
    private final Map<String, EndpointSlice> slices = new HashMap<>();
    private final Map<String, String> machines = new HashMap<>();

    /// A Service whose port 80 leads to one pod.
    FixedCluster service(String name, String address, int port) {
        return service(name, port, List.of(address));
    }

    /// A Service whose port 80 leads to pods.
    FixedCluster service(String name, int port, List<String> addresses) {
        services.put(
                name,
                new ServiceBuilder()
                        .withNewMetadata()
                        .withNamespace("shop")
                        .withName(name)
                        .endMetadata()
                        .withNewSpec()
                        .addNewPort()
                        .withName("http")
                        .withPort(80)
                        .endPort()
                        .endSpec()
                        .build());
        slices.put(
                name,
                new EndpointSliceBuilder()
                        .withNewMetadata()
                        .withNamespace("shop")
                        .withName(name)
                        .endMetadata()
                        .withAddressType("IPv4")
                        .addNewPort()
                        .withName("http")
                        .withPort(port)
                        .endPort()
                        .withEndpoints(
                                addresses.stream()
                                        .map(address ->
                                                new EndpointBuilder()
                                                        .withAddresses(address)
                                                        .withNewTargetRef()
                                                        .withKind("Pod")
                                                        .withName(name)
                                                        .endTargetRef()
                                                        .build())
                                        .toList())
                        .build());
        addresses.forEach(address -> machines.put(address, "shop"));
        return this;
    }

    @Override
    public List<Service> services() {
        return List.copyOf(services.values());
    }

    @Override
    public List<Ingress> ingresses() {
        return ingresses;
    }

    @Override
    public List<IngressClass> ingressClasses() {
        return List.of(
                new IngressClassBuilder()
                        .withNewMetadata()
                        .withName("alb")
                        .endMetadata()
                        .withNewSpec()
                        .withController("ingress.k8s.aws/alb")
                        .endSpec()
                        .build());
    }

    @Override
    public Optional<Service> service(String namespace, String name) {
        return Optional.ofNullable(services.get(name));
    }

    @Override
    public Optional<String> certificate(String namespace, String name) {
        return Optional.ofNullable(certificates.get(name));
    }

    @Override
    public Optional<Namespace> namespace(String name) {
        return Optional.empty();
    }

    @Override
    public Collection<EndpointSlice> slices(String namespace, String service) {
        return Optional.ofNullable(slices.get(service)).stream().toList();
    }

    @Override
    public Optional<Pod> gatedPod(String namespace, String name) {
        return Optional.empty();
    }

    @Override
    public Machines machines() {
        return new Machines(machines);
    }

    @Override
    public List<IngressClassParams> ingressClassParams() {
        return List.of();
    }

    @Override
    public GatewayObjects gateways() {
        return gateways;
    }
}
