package dev.monopod.loadbalancing.objects;

import dev.monopod.loadbalancing.rules.GatewayObjects;
import dev.monopod.loadbalancing.rules.IngressClassParams;
import dev.monopod.loadbalancing.rules.Inventory;
import dev.monopod.loadbalancing.rules.Machines;
import dev.monopod.loadbalancing.rules.TlsRoute;
import dev.monopod.model.names.Names;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.GRPCRoute;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.Gateway;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.GatewayClass;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRoute;
import io.fabric8.kubernetes.api.model.gatewayapi.v1beta1.ReferenceGrant;
import io.fabric8.kubernetes.api.model.networking.v1.IPAddress;
import io.fabric8.kubernetes.api.model.networking.v1.Ingress;
import io.fabric8.kubernetes.api.model.networking.v1.IngressClass;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/// The objects that load balancers are made of, and which kinds these are; a source keeps them. The
/// Gateway API's may come later, or never. Thread-safe.
public final class LoadBalancerObjects implements Inventory {
    private static final String TLS = "kubernetes.io/tls";
    private static final String SERVICE_LABEL = "kubernetes.io/service-name";

    private final KeptKind<Service> services;
    private final KeptKind<EndpointSlice> slices;
    private final KeptKind<Ingress> ingresses;
    private final KeptKind<IngressClass> ingressClasses;
    private final KeptKind<Secret> secrets;
    private final KeptKind<Namespace> namespaces;
    private final KeptKind<Pod> gatedPods;
    private final KeptKind<IPAddress> addresses;
    private final KeptKind<GatewayClass> gatewayClasses;
    private final KeptKind<Gateway> gateways;
    private final KeptKind<HTTPRoute> httpRoutes;
    private final KeptKind<GRPCRoute> grpcRoutes;
    private final KeptKind<TlsRoute> tlsRoutes;
    private final KeptKind<ReferenceGrant> grants;
    private final KeptKind<IngressClassParams> params;
    private final Supplier<List<String>> vpcRanges;
    private final Supplier<Machines> machines;

    /// Asks for all kinds; they fill when the source's owner starts it.
    ///
    /// @param vpcRanges all ranges of all VPCs
    /// @param machines all of the cluster
    public LoadBalancerObjects(
            KindSource source, Supplier<List<String>> vpcRanges, Supplier<Machines> machines) {
        this.vpcRanges = vpcRanges;
        this.machines = machines;
        services = source.keep(WantedKind.all(Service.class));
        slices = source.keep(WantedKind.all(EndpointSlice.class));
        slices.index(LoadBalancerObjects::serviceOf);
        ingresses = source.keep(WantedKind.all(Ingress.class));
        ingressClasses = source.keep(WantedKind.all(IngressClass.class));
        params = source.keep(WantedKind.optional(IngressClassParams.class));
        secrets = source.keep(WantedKind.field(Secret.class, "type", TLS));
        namespaces = source.keep(WantedKind.all(Namespace.class));
        gatedPods = source.keep(WantedKind.labelled(Pod.class, Names.TARGET_HEALTH_LABEL));
        addresses = source.keep(WantedKind.labelled(IPAddress.class, Names.HOST_LABEL));
        gatewayClasses = source.keep(WantedKind.optional(GatewayClass.class));
        gateways = source.keep(WantedKind.optional(Gateway.class));
        httpRoutes = source.keep(WantedKind.optional(HTTPRoute.class));
        grpcRoutes = source.keep(WantedKind.optional(GRPCRoute.class));
        tlsRoutes = source.keep(WantedKind.optional(TlsRoute.class));
        grants = source.keep(WantedKind.optional(ReferenceGrant.class));
    }

    private static List<String> serviceOf(EndpointSlice slice) {
        var labels = slice.getMetadata().getLabels();
        var service = labels == null ? null : labels.get(SERVICE_LABEL);
        return service == null
                ? List.of()
                : List.of(slice.getMetadata().getNamespace() + "/" + service);
    }

    @Override
    public List<Service> services() {
        return services.list();
    }

    @Override
    public List<Ingress> ingresses() {
        return ingresses.list();
    }

    @Override
    public List<IngressClass> ingressClasses() {
        return ingressClasses.list();
    }

    @Override
    public Optional<Service> service(String namespace, String name) {
        return services.find(namespace + "/" + name);
    }

    @Override
    public Optional<String> certificate(String namespace, String name) {
        return secrets.find(namespace + "/" + name).flatMap(TlsSecrets::pem);
    }

    @Override
    public Optional<Namespace> namespace(String name) {
        return namespaces.find(name);
    }

    @Override
    public Collection<EndpointSlice> slices(String namespace, String service) {
        return slices.indexed(namespace + "/" + service);
    }

    @Override
    public Optional<Pod> gatedPod(String namespace, String name) {
        return gatedPods.find(namespace + "/" + name);
    }

    @Override
    public Machines machines() {
        return machines.get();
    }

    @Override
    public List<IngressClassParams> ingressClassParams() {
        return params.list();
    }

    @Override
    public GatewayObjects gateways() {
        return new GatewayObjects(
                gatewayClasses.list(),
                gateways.list(),
                httpRoutes.list(),
                grpcRoutes.list(),
                tlsRoutes.list(),
                grants.list());
    }

    public List<Pod> gatedPods() {
        return gatedPods.list();
    }

    public List<IPAddress> addresses() {
        return addresses.list();
    }

    /// All ranges of all VPCs.
    public List<String> vpcRanges() {
        return vpcRanges.get();
    }
}
