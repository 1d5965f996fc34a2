package dev.monopod.agent.service;

import dev.monopod.host.network.NetworkException;
import dev.monopod.kube.api.Vpc;
import dev.monopod.kube.client.Events;
import dev.monopod.kube.client.Watched;
import dev.monopod.kube.client.Watches;
import dev.monopod.kube.mapping.NetworkObjects;
import dev.monopod.kube.mapping.ServiceClients;
import dev.monopod.kube.mapping.ServiceObjects;
import dev.monopod.kube.watch.ChangeHandler;
import dev.monopod.model.loop.Loop;
import dev.monopod.model.loop.Loops;
import dev.monopod.model.loop.Pace;
import dev.monopod.model.network.Cidr;
import dev.monopod.model.network.ServiceViews;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Keeps what this host's pods see of Services by their Node and zone in step with the API, in the
/// VPC in which kube-proxy translates the rest. One thread applies; changes that come while it does
/// so are taken together.
public final class ServiceViewing implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ServiceViewing.class);
    private static final Duration FIRST_RETRY = Duration.ofMillis(500);
    private static final Duration LONGEST_RETRY = Duration.ofSeconds(5);

    private final Watched<Service> services;
    private final Watched<EndpointSlice> slices;
    private final Supplier<NetworkObjects> seen;
    private final Place place;
    private final Tables tables;
    private final Events events;
    private final Loop loop;

    /// Of the loop's thread: why a Service is not served, by its UID.
    private final Map<String, String> told = new HashMap<>();

    /// @param address of the host in the first VPC; if it is not given, there is only one VPC
    public record Place(String host, Optional<String> address) {}

    /// The kernel's tables, as [dev.monopod.host.network.ServiceViewTables] keeps them. One thread.
    public interface Tables {
        /// Returns when the kernel translates by them.
        ///
        /// @throws NetworkException when it does not take them; then none hold
        void apply(String vpc, ServiceViews views);
    }

    /// @param seen from a watch that the caller starts, and who also tells of its [#changed]
    public ServiceViewing(
            Watches watches,
            Supplier<NetworkObjects> seen,
            Place place,
            Tables tables,
            Events events,
            Loops loops) {
        this.seen = seen;
        this.place = place;
        this.tables = tables;
        this.events = events;
        this.loop =
                loops.loop(
                        "service-views",
                        Pace.whenNudged().withRetries(FIRST_RETRY, LONGEST_RETRY),
                        this::pass);
        this.services = watches.of(Service.class);
        this.slices = watches.of(EndpointSlice.class);
        services.onChange(ChangeHandler.any(this::changed));
        slices.onChange(ChangeHandler.any(this::changed));
    }

    /// Call once, when the watch is complete.
    public void start() {
        loop.start();
    }

    /// Something changed. Any thread; does not block.
    public void changed() {
        loop.nudge();
    }

    private void pass() {
        // Of half a list the chosen endpoints would be too few.
        services.start().join();
        slices.start().join();
        var network = seen.get();
        var vpc = network.vpcs().stream().filter(this::isFirst).findFirst();
        if (vpc.isEmpty()) {
            return;
        }
        var name = vpc.get().getMetadata().getName();
        var answer =
                new ServiceObjects(services.list(), slices.list())
                        .views(ServiceClients.of(network, name, place.host()));
        tables.apply(name, answer.views());
        tell(answer.unserved());
    }

    private boolean isFirst(Vpc vpc) {
        return place.address()
                .map(address ->
                        vpc.getSpec().cidrs().stream()
                                .anyMatch(range -> Cidr.parse(range).contains(address)))
                .orElse(true);
    }

    private void tell(Map<Service, String> unserved) {
        var now = new HashMap<String, String>();
        unserved.forEach((service, why) -> {
            var metadata = service.getMetadata();
            now.put(metadata.getUid(), why);
            if (!why.equals(told.get(metadata.getUid()))) {
                LOG.warn(
                        "Service {}/{} is served as if all pods were on one Node without a zone: {}",
                        metadata.getNamespace(),
                        metadata.getName(),
                        why);
                events.warning(service, "TopologyNotServed", why);
            }
        });
        told.clear();
        told.putAll(now);
    }

    /// Rules stay as they are.
    @Override
    public void close() {
        loop.close();
    }
}
