package dev.monopod.agent.firewall;

import dev.monopod.kube.api.Host;
import dev.monopod.kube.api.Machine;
import dev.monopod.kube.api.PrefixList;
import dev.monopod.kube.api.SecurityGroup;
import dev.monopod.kube.api.Subnet;
import dev.monopod.kube.api.Vpc;
import dev.monopod.kube.mapping.NetworkObjects;
import dev.monopod.kube.watch.ChangeHandler;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.Informable;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.BiPredicate;

/// This agent's copy of all that decides which packets pass, kept by watches. A rule may speak of
/// any pod of the cluster, so all are watched.
public final class NetworkWatch implements AutoCloseable {
    private volatile Runnable changed = () -> {};
    private final List<SharedIndexInformer<?>> all = new ArrayList<>();
    private final SharedIndexInformer<Vpc> vpcs;
    private final SharedIndexInformer<Subnet> subnets;
    private final SharedIndexInformer<SecurityGroup> groups;
    private final SharedIndexInformer<PrefixList> prefixLists;
    private final SharedIndexInformer<NetworkPolicy> policies;
    private final SharedIndexInformer<Namespace> namespaces;
    private final SharedIndexInformer<Machine> machines;
    private final SharedIndexInformer<Pod> pods;
    private final SharedIndexInformer<Host> hosts;
    private final SharedIndexInformer<Node> nodes;

    public NetworkWatch(KubernetesClient client) {
        vpcs = watch(client.resources(Vpc.class), ChangeHandler::specsDiffer);
        subnets = watch(client.resources(Subnet.class), ChangeHandler::specsDiffer);
        groups = watch(client.resources(SecurityGroup.class), ChangeHandler::specsDiffer);
        prefixLists = watch(client.resources(PrefixList.class), ChangeHandler::specsDiffer);
        policies =
                watch(
                        client.network().v1().networkPolicies().inAnyNamespace(),
                        ChangeHandler::specsDiffer);
        namespaces = watch(client.namespaces(), NetworkWatch::labelsDiffer);
        machines = watch(client.resources(Machine.class), ChangeHandler::specsDiffer);
        pods = watch(client.pods().inAnyNamespace(), NetworkWatch::podsDiffer);
        hosts = watch(client.resources(Host.class), NetworkWatch::addressesDiffer);
        nodes = watch(client.nodes(), NetworkWatch::nodesDiffer);
    }

    /// Returns when all lists are complete; waits for an API server that does not serve them yet.
    ///
    /// @param listener called at the end, and then on threads of the watches whenever an object
    ///   changed in a way that may matter; must not block
    public void start(Runnable listener) {
        all.forEach(informer -> informer.start().toCompletableFuture().join());
        changed = listener;
        listener.run();
    }

    /// What the watches show now.
    public NetworkObjects objects() {
        return new NetworkObjects(
                vpcs.getStore().list(),
                subnets.getStore().list(),
                groups.getStore().list(),
                prefixLists.getStore().list(),
                policies.getStore().list(),
                namespaces.getStore().list(),
                machines.getStore().list(),
                pods.getStore().list(),
                hosts.getStore().list(),
                nodes.getStore().list());
    }

    private <T extends HasMetadata> SharedIndexInformer<T> watch(
            Informable<T> resources, BiPredicate<T, T> differ) {
        var informer = resources.runnableInformer(0);
        informer.exceptionHandler((started, error) -> true);
        informer.addEventHandler(ChangeHandler.where(differ, () -> changed.run()));
        all.add(informer);
        return informer;
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

    @Override
    public void close() {
        all.forEach(SharedIndexInformer::stop);
    }
}
