package dev.monopod.kube.mapping;

import dev.monopod.model.network.EndpointChoice;
import dev.monopod.model.network.EndpointChoice.Endpoint;
import dev.monopod.model.network.EndpointChoice.InternalTraffic;
import dev.monopod.model.network.EndpointChoice.State;
import dev.monopod.model.network.ServiceViews;
import dev.monopod.model.network.ServiceViews.Back;
import dev.monopod.model.network.ServiceViews.Front;
import dev.monopod.model.network.ServiceViews.View;
import dev.monopod.model.network.Traffic.Protocol;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointConditions;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointHints;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.api.model.discovery.v1.ForNode;
import io.fabric8.kubernetes.api.model.discovery.v1.ForZone;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// All Services of a cluster and their endpoints, as lists of the API server or of watches. Those
/// that kube-proxy passes over are passed over.
public record ServiceObjects(List<Service> services, List<EndpointSlice> slices) {
    /// Ports times endpoints, of all Services of a namespace for which a choice is made: each host
    /// has them in its rules.
    static final int MOST_ENDPOINTS = 5_000;

    /// As how many an endpoint counts that clients keep: it has a set and a chain of its own.
    private static final int KEPT = 5;

    private static final String SERVICE_NAME = "kubernetes.io/service-name";
    private static final String OTHER_PROXY = "service.kubernetes.io/service-proxy-name";
    private static final String HEADLESS = "service.kubernetes.io/headless";
    private static final int AFFINITY_SECONDS = 10_800;
    private static final int LONGEST_AFFINITY_SECONDS = 86_400;

    /// @param unserved for which no choice is made though they ask for one, and why
    public record Answer(ServiceViews views, Map<Service, String> unserved) {}

    /// What this host's pods see of them otherwise than all others.
    public Answer views(ServiceClients clients) {
        var views = new HashMap<Front, View>();
        var datagrams = new HashMap<Front, Set<Back>>();
        var unserved = new LinkedHashMap<Service, String>();
        var read = new HashMap<String, Integer>();
        var byService = slicesByService();
        services.stream()
                .filter(ServiceObjects::served)
                .sorted(Comparator.comparing(ServiceObjects::key))
                .forEach(service -> {
                    var own = byService.getOrDefault(key(service), List.of());
                    var namespace = service.getMetadata().getNamespace();
                    var asks = traffic(service) == InternalTraffic.LOCAL || hinted(own);
                    var size = size(service, own);
                    var sum = read.getOrDefault(namespace, 0) + (asks ? size : 0);
                    if (size <= MOST_ENDPOINTS) {
                        datagrams.putAll(Unreadable.or(Map.of(), () -> datagrams(service, own)));
                    }
                    if (!asks) {
                        return;
                    }
                    if (sum > MOST_ENDPOINTS) {
                        unserved.put(
                                service,
                                "Services of namespace %s with internalTrafficPolicy Local or endpoints with hints have more than %d endpoints (counted for each port, and five times with sessionAffinity ClientIP); those of %s are chosen without regard to node and zone"
                                        .formatted(
                                                namespace,
                                                MOST_ENDPOINTS,
                                                service.getMetadata().getName()));
                        return;
                    }
                    read.put(namespace, sum);
                    // One that can't be read is kube-proxy's, whatever that makes of it.
                    views.putAll(Unreadable.or(Map.of(), () -> views(service, own, clients)));
                });
        return new Answer(new ServiceViews(views, datagrams), unserved);
    }

    /// Who answers at a port of a Service, and whom.
    public EndpointChoice choice(Service service, ServicePort port) {
        return choice(service, port, slicesByService().getOrDefault(key(service), List.of()));
    }

    private static EndpointChoice choice(
            Service service, ServicePort port, Collection<EndpointSlice> slices) {
        return EndpointChoice.of(endpoints(slices, port), traffic(service));
    }

    private static Map<Front, View> views(
            Service service, Collection<EndpointSlice> slices, ServiceClients clients) {
        var views = new HashMap<Front, View>();
        for (var port : service.getSpec().getPorts()) {
            var choices = clients.choices(choice(service, port, slices));
            if (!choices.isEmpty()) {
                fronts(service, port)
                        .forEach(front -> views.put(front, new View(affinity(service), choices)));
            }
        }
        return views;
    }

    private static Map<Front, Set<Back>> datagrams(
            Service service, Collection<EndpointSlice> slices) {
        var found = new HashMap<Front, Set<Back>>();
        for (var port : service.getSpec().getPorts()) {
            if (protocol(port.getProtocol()) == Protocol.UDP) {
                var backs =
                        endpoints(slices, port).stream()
                                .map(Endpoint::back)
                                .collect(Collectors.toUnmodifiableSet());
                fronts(service, port).forEach(front -> found.put(front, backs));
            }
        }
        return found;
    }

    private Map<String, List<EndpointSlice>> slicesByService() {
        var byService = new HashMap<String, List<EndpointSlice>>();
        for (var slice : slices) {
            var labels = labels(slice.getMetadata().getLabels());
            var service = labels.get(SERVICE_NAME);
            if (service != null
                    && "IPv4".equals(slice.getAddressType())
                    && !labels.containsKey(HEADLESS)) {
                byService
                        .computeIfAbsent(
                                slice.getMetadata().getNamespace() + "/" + service,
                                _ -> new ArrayList<>())
                        .add(slice);
            }
        }
        // The same order, whatever the watch's.
        byService
                .values()
                .forEach(all ->
                        all.sort(Comparator.comparing(slice -> slice.getMetadata().getName())));
        return byService;
    }

    private static boolean served(Service service) {
        return service.getSpec() != null
                && service.getSpec().getPorts() != null
                && !"ExternalName".equals(service.getSpec().getType())
                && !labels(service.getMetadata().getLabels()).containsKey(OTHER_PROXY);
    }

    private static InternalTraffic traffic(Service service) {
        return "Local".equals(service.getSpec().getInternalTrafficPolicy())
                ? InternalTraffic.LOCAL
                : InternalTraffic.CLUSTER;
    }

    private static boolean hinted(Collection<EndpointSlice> slices) {
        return slices.stream()
                .flatMap(slice -> orEmpty(slice.getEndpoints()).stream())
                .anyMatch(endpoint -> endpoint.getHints() != null);
    }

    private static int size(Service service, Collection<EndpointSlice> slices) {
        var endpoints =
                slices.stream().mapToLong(slice -> orEmpty(slice.getEndpoints()).size()).sum();
        return (int)
                Math.min(
                        MOST_ENDPOINTS + 1,
                        service.getSpec().getPorts().size()
                                * endpoints
                                * (affinity(service) == 0 ? 1 : KEPT));
    }

    /// Its ClusterIPs of IPv4: one, or none.
    private static List<Front> fronts(Service service, ServicePort port) {
        return orEmpty(service.getSpec().getClusterIPs()).stream()
                .filter(address -> address.indexOf('.') > 0)
                .map(address -> new Front(address, protocol(port.getProtocol()), port.getPort()))
                .toList();
    }

    private static int affinity(Service service) {
        if (!"ClientIP".equals(service.getSpec().getSessionAffinity())) {
            return 0;
        }
        return Optional.ofNullable(service.getSpec().getSessionAffinityConfig())
                .flatMap(config -> Optional.ofNullable(config.getClientIP()))
                .flatMap(client -> Optional.ofNullable(client.getTimeoutSeconds()))
                .filter(seconds -> seconds > 0 && seconds <= LONGEST_AFFINITY_SECONDS)
                .orElse(AFFINITY_SECONDS);
    }

    /// Those that answer. Of one that is named twice, the one that is ready counts.
    private static Collection<Endpoint> endpoints(
            Collection<EndpointSlice> slices, ServicePort port) {
        var found = new LinkedHashMap<Back, Endpoint>();
        for (var slice : slices) {
            for (var each : orEmpty(slice.getPorts())) {
                if (name(each.getName()).equals(name(port.getName()))
                        && protocol(each.getProtocol()) == protocol(port.getProtocol())
                        && each.getPort() != null) {
                    read(slice, each.getPort(), found);
                }
            }
        }
        return found.values();
    }

    private static void read(EndpointSlice slice, int port, Map<Back, Endpoint> found) {
        for (var endpoint : orEmpty(slice.getEndpoints())) {
            state(endpoint.getConditions())
                    .ifPresent(state -> {
                        var back = new Back(endpoint.getAddresses().getFirst(), port);
                        found.merge(
                                back,
                                new Endpoint(
                                        back,
                                        state,
                                        Objects.requireNonNullElse(endpoint.getNodeName(), ""),
                                        nodes(endpoint.getHints()),
                                        zones(endpoint.getHints())),
                                (one, other) -> one.state() == State.READY ? one : other);
                    });
        }
    }

    /// Empty if it does not answer. What is not said of readiness and serving is so.
    private static Optional<State> state(@Nullable EndpointConditions conditions) {
        if (conditions == null || !Boolean.FALSE.equals(conditions.getReady())) {
            return Optional.of(State.READY);
        }
        return !Boolean.FALSE.equals(conditions.getServing())
                        && Boolean.TRUE.equals(conditions.getTerminating())
                ? Optional.of(State.DRAINING)
                : Optional.empty();
    }

    private static Set<String> nodes(@Nullable EndpointHints hints) {
        return hints == null
                ? Set.of()
                : orEmpty(hints.getForNodes()).stream()
                        .map(ForNode::getName)
                        .collect(Collectors.toSet());
    }

    private static Set<String> zones(@Nullable EndpointHints hints) {
        return hints == null
                ? Set.of()
                : orEmpty(hints.getForZones()).stream()
                        .map(ForZone::getName)
                        .collect(Collectors.toSet());
    }

    private static Protocol protocol(@Nullable String name) {
        return name == null ? Protocol.TCP : Protocol.valueOf(name);
    }

    private static String name(@Nullable String name) {
        return Objects.requireNonNullElse(name, "");
    }

    private static String key(Service service) {
        return service.getMetadata().getNamespace() + "/" + service.getMetadata().getName();
    }

    private static Map<String, String> labels(@Nullable Map<String, String> labels) {
        return Objects.requireNonNullElse(labels, Map.of());
    }

    private static <T> List<T> orEmpty(@Nullable List<T> list) {
        return Objects.requireNonNullElse(list, List.of());
    }
}
