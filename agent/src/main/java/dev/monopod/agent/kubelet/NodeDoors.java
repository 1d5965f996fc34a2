package dev.monopod.agent.kubelet;

import dev.monopod.agent.kubelet.KubeletPods.Place;
import dev.monopod.host.network.HostNetwork;
import dev.monopod.host.network.HostNetwork.Kubelet;
import dev.monopod.model.loop.Loop;
import dev.monopod.model.loop.Loops;
import dev.monopod.model.loop.Pace;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// Opens a port of the kubelet server for the Node of each pod here, and has the network send
/// POD:10250 there. A Node whose port cannot be opened is not answered for, and is tried again.
/// Where the Nodes are is asked for at each pass, so whoever tells of a change need not do so in
/// the order of the changes.
public final class NodeDoors implements AutoCloseable {
    private static final Duration SOON = Duration.ofMillis(500);

    /// Also mends what somebody else has done to the kernel's tables.
    private static final Duration REST = Duration.ofMinutes(5);

    private final KubeletServer server;
    private final HostNetwork network;
    private final Supplier<List<Place>> wanted;
    private final Consumer<List<Place>> named;
    private final Loop loop;

    /// The rest is of the loop's thread.
    private final Map<Place, Kubelet> open = new HashMap<>();

    private boolean ours;

    /// @param wanted where the Nodes of this host are at that moment
    /// @param named has the server's certificate name these, before anybody is sent to them
    public NodeDoors(
            KubeletServer server,
            HostNetwork network,
            Supplier<List<Place>> wanted,
            Consumer<List<Place>> named,
            Loops loops) {
        this.server = server;
        this.network = network;
        this.wanted = wanted;
        this.named = named;
        this.loop = loops.planned("kubelet-doors", Pace.whenNudged(), this::pass);
    }

    public void start() {
        loop.start();
    }

    /// There may be other Nodes now. Any thread; does not block.
    public void nudge() {
        loop.nudge();
    }

    /// Nobody is sent to a port that is not, or no longer, that Node's.
    ///
    /// @return when to look again
    Duration pass() throws IOException {
        if (!ours) {
            // An agent before this one had ports too, which now may be anybody's.
            network.serveKubelets(List.of());
            ours = true;
        }
        var places = List.copyOf(wanted.get());
        named.accept(places);
        List<IOException> failures = new ArrayList<>();
        var complete = true;
        for (var place : places) {
            try {
                complete &= openDoor(place);
            } catch (IOException e) {
                failures.add(e);
            }
        }
        var gone = open.keySet().stream().filter(place -> !places.contains(place)).toList();
        network.serveKubelets(
                open.entrySet().stream()
                        .filter(entry -> !gone.contains(entry.getKey()))
                        .map(Map.Entry::getValue)
                        .toList());
        for (var place : gone) {
            server.close(place.machine());
            open.remove(place);
        }
        if (!failures.isEmpty()) {
            throw failures.getFirst();
        }
        return complete ? REST : SOON;
    }

    /// Returns whether it is open: a VPC may have no router yet, and so the host no address in it.
    private boolean openDoor(Place place) throws IOException {
        if (open.containsKey(place)) {
            return true;
        }
        var address = network.hostAddress(place.vpc());
        if (address.isEmpty()) {
            return false;
        }
        var port = server.open(place.machine(), address.get());
        open.put(place, new Kubelet(place.vpc(), place.address(), address.get(), port));
        return true;
    }

    /// The Nodes are answered for until the server is closed.
    @Override
    public void close() {
        loop.close();
    }
}
