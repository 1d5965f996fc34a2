package dev.monopod.loadbalancing.rules;

import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSliceBuilder;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.GatewayClass;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.GatewayClassBuilder;
import io.fabric8.kubernetes.api.model.networking.v1.Ingress;
import io.fabric8.kubernetes.api.model.networking.v1.IngressClass;
import io.fabric8.kubernetes.api.model.networking.v1.IngressClassBuilder;
import io.fabric8.kubernetes.api.model.networking.v1.IngressClassParametersReferenceBuilder;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// A cluster that holds what a test puts into it.
final class FixedInventory implements Inventory {
    final List<Service> services = new ArrayList<>();
    final List<Ingress> ingresses = new ArrayList<>();
    final List<EndpointSlice> slices = new ArrayList<>();
    final List<Pod> pods = new ArrayList<>();
    final List<IngressClassParams> params = new ArrayList<>();
    final Map<String, Namespace> namespaces = new HashMap<>();
    final Map<String, String> certificates = new HashMap<>();

    /// Namespaces by the addresses of machines.
    final Map<String, String> machines = new HashMap<>();

    /// The class `alb` wants these parameters; empty: none.
    String classParams = "";

    GatewayObjects gateways = GatewayObjects.NONE;

    /// The class `alb`, which is served.
    static GatewayClass gatewayClass() {
        return new GatewayClassBuilder()
                .withNewMetadata()
                .withName("alb")
                .endMetadata()
                .withNewSpec()
                .withControllerName(Gateways.CONTROLLER)
                .endSpec()
                .build();
    }

    /// A Service of one port, 80, named `http`.
    static Service service(String name, String type, Map<String, String> annotations) {
        return new ServiceBuilder()
                .withNewMetadata()
                .withNamespace("shop")
                .withName(name)
                .withAnnotations(annotations)
                .endMetadata()
                .withNewSpec()
                .withType(type)
                .withSelector(Map.of("app", name))
                .addNewPort()
                .withName("http")
                .withPort(80)
                .endPort()
                .endSpec()
                .build();
    }

    /// One endpoint of a Service, with a machine.
    FixedInventory endpoint(
            String service, String address, boolean ready, boolean terminating, String kind) {
        machines.put(address, "shop");
        return slice(service, address, ready, terminating, kind);
    }

    /// One endpoint of a Service, as anybody may write it.
    FixedInventory slice(
            String service, String address, boolean ready, boolean terminating, String kind) {
        slices.add(
                new EndpointSliceBuilder()
                        .withNewMetadata()
                        .withNamespace("shop")
                        .withName(service + "-" + slices.size())
                        .addToLabels(Endpoints.SERVICE_LABEL, service)
                        .endMetadata()
                        .withAddressType("IPv4")
                        .addNewPort()
                        .withName("http")
                        .withPort(8080)
                        .endPort()
                        .addNewEndpoint()
                        .withAddresses(address)
                        .withNewConditions()
                        .withReady(ready)
                        .withTerminating(terminating)
                        .endConditions()
                        .withNewTargetRef()
                        .withKind(kind)
                        .withName("pod-" + address)
                        .endTargetRef()
                        .endEndpoint()
                        .build());
        return this;
    }

    /// A pod whose containers are ready and that waits for a gate.
    FixedInventory gatedPod(String address) {
        pods.add(
                new PodBuilder()
                        .withNewMetadata()
                        .withNamespace("shop")
                        .withName("pod-" + address)
                        .endMetadata()
                        .withNewStatus()
                        .addNewCondition()
                        .withType("ContainersReady")
                        .withStatus("True")
                        .endCondition()
                        .endStatus()
                        .build());
        return this;
    }

    @Override
    public List<Service> services() {
        return services;
    }

    @Override
    public List<Ingress> ingresses() {
        return ingresses;
    }

    @Override
    public List<IngressClass> ingressClasses() {
        var alb =
                new IngressClassBuilder()
                        .withNewMetadata()
                        .withName("alb")
                        .endMetadata()
                        .withNewSpec()
                        .withController(ApplicationLoadBalancers.CONTROLLER)
                        .endSpec()
                        .build();
        if (!classParams.isEmpty()) {
            alb.getSpec()
                    .setParameters(
                            new IngressClassParametersReferenceBuilder()
                                    .withApiGroup("elbv2.k8s.aws")
                                    .withKind("IngressClassParams")
                                    .withName(classParams)
                                    .build());
        }
        return List.of(alb);
    }

    @Override
    public Optional<Service> service(String namespace, String name) {
        return services.stream()
                .filter(each -> each.getMetadata().getNamespace().equals(namespace))
                .filter(each -> each.getMetadata().getName().equals(name))
                .findFirst();
    }

    @Override
    public Optional<String> certificate(String namespace, String name) {
        return Optional.ofNullable(certificates.get(namespace + "/" + name));
    }

    @Override
    public Optional<Namespace> namespace(String name) {
        return Optional.ofNullable(namespaces.get(name));
    }

    @Override
    public Machines machines() {
        return new Machines(machines);
    }

    @Override
    public List<IngressClassParams> ingressClassParams() {
        return params;
    }

    @Override
    public Collection<EndpointSlice> slices(String namespace, String service) {
        return slices.stream()
                .filter(each ->
                        service.equals(each.getMetadata().getLabels().get(Endpoints.SERVICE_LABEL)))
                .toList();
    }

    @Override
    public Optional<Pod> gatedPod(String namespace, String name) {
        return pods.stream().filter(each -> each.getMetadata().getName().equals(name)).findFirst();
    }

    @Override
    public GatewayObjects gateways() {
        return gateways;
    }
}
