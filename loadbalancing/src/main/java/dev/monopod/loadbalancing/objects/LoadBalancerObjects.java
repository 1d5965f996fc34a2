package dev.monopod.loadbalancing.objects;

import dev.monopod.kube.api.Vpc;
import dev.monopod.kube.watch.ChangeHandler;
import dev.monopod.loadbalancing.rules.GatewayObjects;
import dev.monopod.loadbalancing.rules.Inventory;
import dev.monopod.model.names.Names;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.Gateway;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.GatewayClass;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRoute;
import io.fabric8.kubernetes.api.model.gatewayapi.v1beta1.ReferenceGrant;
import io.fabric8.kubernetes.api.model.networking.v1.IPAddress;
import io.fabric8.kubernetes.api.model.networking.v1.Ingress;
import io.fabric8.kubernetes.api.model.networking.v1.IngressClass;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// A copy of the objects that load balancers are made of, kept by watches. The Gateway API's may
/// come later, or never. Thread-safe.
public final class LoadBalancerObjects implements Inventory, AutoCloseable {
    private static final String TLS = "kubernetes.io/tls";
    private static final String SERVICE_LABEL = "kubernetes.io/service-name";
    private static final String BY_SERVICE = "service";

    private final SharedIndexInformer<Service> services;
    private final SharedIndexInformer<EndpointSlice> slices;
    private final SharedIndexInformer<Ingress> ingresses;
    private final SharedIndexInformer<IngressClass> ingressClasses;
    private final SharedIndexInformer<Secret> secrets;
    private final SharedIndexInformer<Namespace> namespaces;
    private final SharedIndexInformer<Pod> gatedPods;
    private final SharedIndexInformer<IPAddress> addresses;
    private final SharedIndexInformer<Vpc> vpcs;
    private final SharedIndexInformer<GatewayClass> gatewayClasses;
    private final SharedIndexInformer<Gateway> gateways;
    private final SharedIndexInformer<HTTPRoute> routes;
    private final SharedIndexInformer<ReferenceGrant> grants;
    private final List<SharedIndexInformer<?>> all = new ArrayList<>();
    private final Runnable changed;

    /// @param changed called on the watches' threads at any change; must return at once
    public LoadBalancerObjects(KubernetesClient client, Runnable changed) {
        this.changed = changed;
        services = watched(client.services().inAnyNamespace().runnableInformer(0));
        slices =
                watched(
                        client.discovery()
                                .v1()
                                .endpointSlices()
                                .inAnyNamespace()
                                .runnableInformer(0));
        slices.addIndexers(Map.of(BY_SERVICE, LoadBalancerObjects::serviceOf));
        ingresses = watched(client.network().v1().ingresses().inAnyNamespace().runnableInformer(0));
        ingressClasses = watched(client.network().v1().ingressClasses().runnableInformer(0));
        secrets =
                watched(
                        client.secrets()
                                .inAnyNamespace()
                                .withField("type", TLS)
                                .runnableInformer(0));
        namespaces = watched(client.namespaces().runnableInformer(0));
        gatedPods =
                watched(
                        client.pods()
                                .inAnyNamespace()
                                .withLabel(Names.TARGET_HEALTH_LABEL)
                                .runnableInformer(0));
        addresses =
                watched(
                        client.resources(IPAddress.class)
                                .withLabel(Names.HOST_LABEL)
                                .runnableInformer(0));
        vpcs = watched(client.resources(Vpc.class).runnableInformer(0));
        gatewayClasses = watched(client.resources(GatewayClass.class).runnableInformer(0));
        gateways = watched(client.resources(Gateway.class).inAnyNamespace().runnableInformer(0));
        routes = watched(client.resources(HTTPRoute.class).inAnyNamespace().runnableInformer(0));
        grants =
                watched(
                        client.resources(ReferenceGrant.class)
                                .inAnyNamespace()
                                .runnableInformer(0));
    }

    private static List<String> serviceOf(EndpointSlice slice) {
        var labels = slice.getMetadata().getLabels();
        var service = labels == null ? null : labels.get(SERVICE_LABEL);
        return service == null
                ? List.of()
                : List.of(slice.getMetadata().getNamespace() + "/" + service);
    }

    private <T extends HasMetadata> SharedIndexInformer<T> watched(
            SharedIndexInformer<T> informer) {
        informer.exceptionHandler((started, error) -> true);
        informer.addEventHandler(ChangeHandler.any(changed));
        all.add(informer);
        return informer;
    }

    /// Starts the watches; complete when all lists but those of the Gateway API are there.
    public void start() {
        var optional = List.of(gatewayClasses, gateways, routes, grants);
        for (var informer : all) {
            var started = informer.start().toCompletableFuture();
            if (!optional.contains(informer)) {
                started.join();
            }
        }
    }

    @Override
    public List<Service> services() {
        return services.getStore().list();
    }

    @Override
    public List<Ingress> ingresses() {
        return ingresses.getStore().list();
    }

    @Override
    public List<IngressClass> ingressClasses() {
        return ingressClasses.getStore().list();
    }

    @Override
    public Optional<Service> service(String namespace, String name) {
        return Optional.ofNullable(services.getStore().getByKey(namespace + "/" + name));
    }

    @Override
    public Optional<String> certificate(String namespace, String name) {
        return Optional.ofNullable(secrets.getStore().getByKey(namespace + "/" + name))
                .flatMap(TlsSecrets::pem);
    }

    @Override
    public Optional<Namespace> namespace(String name) {
        return Optional.ofNullable(namespaces.getStore().getByKey(name));
    }

    @Override
    public Collection<EndpointSlice> slices(String namespace, String service) {
        return slices.getIndexer().byIndex(BY_SERVICE, namespace + "/" + service);
    }

    @Override
    public Optional<Pod> gatedPod(String namespace, String name) {
        return Optional.ofNullable(gatedPods.getStore().getByKey(namespace + "/" + name));
    }

    @Override
    public GatewayObjects gateways() {
        return new GatewayObjects(
                gatewayClasses.getStore().list(),
                gateways.getStore().list(),
                routes.getStore().list(),
                grants.getStore().list());
    }

    public List<Pod> gatedPods() {
        return gatedPods.getStore().list();
    }

    public List<IPAddress> addresses() {
        return addresses.getStore().list();
    }

    public List<Vpc> vpcs() {
        return vpcs.getStore().list();
    }

    /// All ranges of all VPCs.
    public List<String> vpcRanges() {
        return vpcs().stream().flatMap(vpc -> vpc.getSpec().cidrs().stream()).sorted().toList();
    }

    @Override
    public void close() {
        all.forEach(SharedIndexInformer::stop);
    }
}
