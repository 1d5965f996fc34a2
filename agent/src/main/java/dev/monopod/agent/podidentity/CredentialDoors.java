package dev.monopod.agent.podidentity;

import dev.monopod.agent.kubelet.KubeletPods.Place;
import dev.monopod.host.network.HostNetwork;
import dev.monopod.model.loop.Loop;
import dev.monopod.model.loop.Loops;
import dev.monopod.model.loop.Pace;
import dev.monopod.model.names.Defaults;
import dev.monopod.model.time.SteadyClock;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Supplier;

/// Listens at this host's address in each VPC that has pods here, where the router sends what they
/// ask of the link-local address.
public final class CredentialDoors implements AutoCloseable {
    private static final Duration SOON = Duration.ofMillis(500);
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final PodCredentials credentials;
    private final HostNetwork network;
    private final int port;
    private final Supplier<List<Place>> places;
    private final Loops loops;
    private final Loop loop;

    /// By the VPC. Of the loop's thread, until it is closed.
    private final Map<String, CredentialServer> open = new HashMap<>();

    /// @param port where it listens
    /// @param places of the pods here at that moment
    CredentialDoors(
            PodCredentials credentials,
            HostNetwork network,
            int port,
            Supplier<List<Place>> places,
            Loops loops) {
        this.credentials = credentials;
        this.network = network;
        this.port = port;
        this.places = places;
        this.loops = loops;
        this.loop = loops.planned("pod-credentials", Pace.whenNudged(), this::pass);
    }

    /// @param client of the API server, beside which the controller is
    /// @param cluster its name
    /// @param places of the pods here at that moment
    public static CredentialDoors of(
            KubernetesClient client,
            String cluster,
            HostNetwork network,
            Supplier<List<Place>> places,
            Loops loops) {
        return new CredentialDoors(
                new PodCredentials(new ControllerAuth(client), cluster, SteadyClock.ofProcess()),
                network,
                Defaults.POD_IDENTITY_PORT,
                places,
                loops);
    }

    public void start() {
        loop.start();
    }

    /// There may be other pods now. Any thread; does not block.
    public void nudge() {
        loop.nudge();
    }

    /// @return when to look again: a VPC may have no router yet, and so the host no address in it
    Duration pass() throws IOException {
        var vpcs = new TreeSet<String>();
        var machines = new HashSet<String>();
        for (var place : places.get()) {
            vpcs.add(place.vpc());
            machines.add(place.machine());
        }
        credentials.retain(machines);
        var complete = true;
        for (var vpc : vpcs) {
            if (!open.containsKey(vpc)) {
                var address = network.hostAddress(vpc);
                complete &= address.isPresent();
                if (address.isPresent()) {
                    open.put(vpc, listen(vpc, address.get()));
                }
            }
        }
        return complete ? Pace.NEVER : SOON;
    }

    private CredentialServer listen(String vpc, String address) throws IOException {
        return new CredentialServer(
                new InetSocketAddress(address, port),
                PATIENCE,
                peer -> machineAt(vpc, peer),
                credentials::answer,
                loops);
    }

    private Optional<String> machineAt(String vpc, InetAddress peer) {
        var address = peer.getHostAddress();
        return places.get().stream()
                .filter(place -> place.vpc().equals(vpc) && place.address().equals(address))
                .map(Place::machine)
                .findFirst();
    }

    @Override
    public void close() {
        loop.close();
        open.values().forEach(CredentialServer::close);
    }
}
