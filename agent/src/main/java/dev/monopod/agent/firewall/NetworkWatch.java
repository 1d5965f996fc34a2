package dev.monopod.agent.firewall;

import dev.monopod.kube.api.Host;
import dev.monopod.kube.api.Machine;
import dev.monopod.kube.api.PrefixList;
import dev.monopod.kube.api.SecurityGroup;
import dev.monopod.kube.api.Subnet;
import dev.monopod.kube.api.Vpc;
import dev.monopod.kube.client.Watched;
import dev.monopod.kube.client.Watches;
import dev.monopod.kube.mapping.NetworkObjects;
import dev.monopod.kube.watch.ChangeHandler;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.BiPredicate;

/// This agent's copy of all that decides which packets pass, kept by watches. A rule may speak of
/// any pod of the cluster, so all are watched.
public final class NetworkWatch {
    private volatile Runnable changed = () -> {};
    private final List<Watched<?>> all = new ArrayList<>();
    private final Watched<Vpc> vpcs;
    private final Watched<Subnet> subnets;
    private final Watched<SecurityGroup> groups;
    private final Watched<PrefixList> prefixLists;
    private final Watched<NetworkPolicy> policies;
    private final Watched<Namespace> namespaces;
    private final Watched<Machine> machines;
    private final Watched<Pod> pods;
    private final Watched<Host> hosts;
    private final Watched<Node> nodes;

    public NetworkWatch(Watches watches) {
        vpcs = watch(watches.of(Vpc.class), ChangeHandler::specsDiffer);
        subnets = watch(watches.of(Subnet.class), ChangeHandler::specsDiffer);
        groups = watch(watches.of(SecurityGroup.class), ChangeHandler::specsDiffer);
        prefixLists = watch(watches.of(PrefixList.class), ChangeHandler::specsDiffer);
        policies = watch(watches.of(NetworkPolicy.class), ChangeHandler::specsDiffer);
        namespaces = watch(watches.of(Namespace.class), NetworkWatch::labelsDiffer);
        machines = watch(watches.of(Machine.class), ChangeHandler::specsDiffer);
        pods = watch(watches.of(Pod.class), NetworkWatch::podsDiffer);
        hosts = watch(watches.of(Host.class), NetworkWatch::addressesDiffer);
        nodes = watch(watches.of(Node.class), NetworkWatch::nodesDiffer);
    }

    /// Returns when all lists are complete; waits for an API server that does not serve them yet.
    ///
    /// @param listener called at the end, and then on threads of the watches whenever an object
    ///   changed in a way that may matter; must not block
    public void start(Runnable listener) {
        all.forEach(watched -> watched.start().join());
        changed = listener;
        listener.run();
    }

    /// What the watches show now.
    public NetworkObjects objects() {
        return new NetworkObjects(
                vpcs.list(),
                subnets.list(),
                groups.list(),
                prefixLists.list(),
                policies.list(),
                namespaces.list(),
                machines.list(),
                pods.list(),
                hosts.list(),
                nodes.list());
    }

    private <T extends HasMetadata> Watched<T> watch(Watched<T> watched, BiPredicate<T, T> differ) {
        watched.onChange(ChangeHandler.where(differ, () -> changed.run()));
        all.add(watched);
        return watched;
    }

    private static boolean labelsDiffer(HasMetadata before, HasMetadata after) {
        return !Objects.equals(before.getMetadata().getLabels(), after.getMetadata().getLabels());
    }

    /// A pod's ports can't change.
    private static boolean podsDiffer(Pod before, Pod after) {
        return labelsDiffer(before, after)
                || !before.getStatus().getPodIPs().equals(after.getStatus().getPodIPs())
                || !Objects.equals(before.getStatus().getPhase(), after.getStatus().getPhase());
    }

    private static boolean addressesDiffer(Host before, Host after) {
        return before.getStatus() == null
                || after.getStatus() == null
                || !Objects.equals(before.getStatus().address(), after.getStatus().address())
                || !Objects.equals(
                        before.getStatus().underlayAddress(), after.getStatus().underlayAddress());
    }

    private static boolean nodesDiffer(Node before, Node after) {
        return !before.getStatus().getAddresses().equals(after.getStatus().getAddresses());
    }
}
