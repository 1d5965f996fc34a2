package dev.monopod.controller.network;

import dev.monopod.controller.ClusterView;
import dev.monopod.controller.ObjectProblems;
import dev.monopod.kube.api.PrefixList;
import dev.monopod.kube.api.PrefixListStatus;
import dev.monopod.kube.api.SecurityGroup;
import dev.monopod.kube.api.SecurityGroupSpec;
import dev.monopod.kube.api.SecurityGroupSpec.Rule;
import dev.monopod.kube.api.SecurityGroupStatus;
import dev.monopod.kube.api.SubnetStatus;
import dev.monopod.kube.api.Vpc;
import dev.monopod.kube.api.VpcStatus;
import dev.monopod.kube.client.ApiCall;
import dev.monopod.kube.client.ApiCode;
import dev.monopod.kube.client.ConditionState;
import dev.monopod.kube.client.Events;
import dev.monopod.kube.client.Finalizers;
import dev.monopod.kube.client.Watched;
import dev.monopod.kube.watch.ChangeHandler;
import dev.monopod.model.loop.Loop;
import dev.monopod.model.loop.Loops;
import dev.monopod.model.loop.Pace;
import dev.monopod.model.names.Names;
import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Tends VPCs, subnets, security groups and prefix lists: each VPC has its cluster security group,
/// what is in use is not deleted, and statuses tell what is free. One thread does all; changes that
/// come close together are taken together.
public final class NetworkLifecycle implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(NetworkLifecycle.class);

    private static final Duration PAUSE = Duration.ofMillis(500);

    /// Every machine that comes or goes changes the counts in statuses, which nothing waits for, at
    /// the moment when pods are waited for.
    private static final Duration COUNTED_WITHIN = Duration.ofSeconds(3);

    private static final Duration FIRST_RETRY = Duration.ofSeconds(1);
    private static final Duration LONGEST_RETRY = Duration.ofSeconds(5);
    private static final String HELD = "DeletionHeld";

    private final KubernetesClient client;
    private final Finalizers finalizers;
    private final ClusterView cluster;
    private final Clock clock;
    private final Watched<SecurityGroup> groups;
    private final Watched<PrefixList> lists;
    private final Watched<NetworkPolicy> policies;
    private final NetworkProblems problems;
    private final Loop loop;

    public NetworkLifecycle(
            KubernetesClient client, ClusterView cluster, Events events, Loops loops, Clock clock) {
        this.client = client;
        this.problems = new NetworkProblems(new ObjectProblems(events));
        this.finalizers = new Finalizers(client);
        this.cluster = cluster;
        this.clock = clock;
        this.groups = cluster.watches().of(SecurityGroup.class);
        this.lists = cluster.watches().of(PrefixList.class);
        this.policies = cluster.watches().of(NetworkPolicy.class);
        this.loop =
                loops.loop(
                        "network",
                        Pace.whenNudged().withGap(PAUSE).withRetries(FIRST_RETRY, LONGEST_RETRY),
                        this::reconcile);
    }

    /// Call once, when the cluster view is complete.
    public void start() {
        groups.onChange(ChangeHandler.any(loop::nudge));
        lists.onChange(ChangeHandler.any(loop::nudge));
        policies.onChange(ChangeHandler.where(ChangeHandler::specsDiffer, loop::nudge));
        groups.start().join();
        lists.start().join();
        policies.start().join();
        cluster.onNetworkChange(loop::nudge);
        cluster.onMachineSpec(() -> loop.nudgeWithin(COUNTED_WITHIN));
        cluster.onProfile(_ -> loop.nudge());
        loop.start();
    }

    @Override
    public void close() {
        loop.close();
    }

    private void reconcile() {
        problems.tell(policies.list(), groups.list(), lists.list());
        var uses =
                new NetworkUses(
                        cluster.vpcs(),
                        cluster.subnets(),
                        groups.list(),
                        lists.list(),
                        cluster.profiles(),
                        cluster.machines());
        for (var vpc : uses.vpcs()) {
            clusterGroup(vpc, uses);
            tend(
                    vpc,
                    uses.of(vpc),
                    conditions -> new VpcStatus(vpc.getMetadata().getGeneration(), conditions),
                    vpc.getStatus() == null ? null : vpc.getStatus().conditions());
        }
        for (var subnet : uses.subnets()) {
            tend(
                    subnet,
                    uses.of(subnet),
                    conditions ->
                            new SubnetStatus(
                                    uses.free(subnet),
                                    subnet.getMetadata().getGeneration(),
                                    conditions),
                    subnet.getStatus() == null ? null : subnet.getStatus().conditions());
        }
        for (var group : uses.groups()) {
            tend(
                    group,
                    uses.of(group),
                    conditions ->
                            new SecurityGroupStatus(
                                    uses.machinesWith(group),
                                    group.getMetadata().getGeneration(),
                                    conditions),
                    group.getStatus() == null ? null : group.getStatus().conditions());
        }
        for (var list : uses.lists()) {
            tend(
                    list,
                    uses.of(list),
                    conditions ->
                            new PrefixListStatus(list.getMetadata().getGeneration(), conditions),
                    list.getStatus() == null ? null : list.getStatus().conditions());
        }
    }

    /// As EKS makes it: all among its members, and all egress. Users may change its rules.
    private void clusterGroup(Vpc vpc, NetworkUses uses) {
        var name = vpc.getMetadata().getName();
        var group = Names.clusterSecurityGroup(name);
        if (vpc.getMetadata().getDeletionTimestamp() != null
                || uses.groups().stream()
                        .anyMatch(each -> each.getMetadata().getName().equals(group))) {
            return;
        }
        var made = new SecurityGroup();
        made.setMetadata(new ObjectMetaBuilder().withName(group).build());
        made.setSpec(
                new SecurityGroupSpec(
                        name,
                        "Pods of the VPC without a SecurityGroupPolicy, and the control plane",
                        List.of(new Rule("-1", null, null, null, group, null, null, "members")),
                        List.of(new Rule("-1", null, null, "0.0.0.0/0", null, null, null, "all"))));
        var unused = ApiCall.ignoring(ApiCode.CONFLICT, () -> client.resource(made).create());
        LOG.info("created security group {} of VPC {}", group, name);
    }

    private <T extends CustomResource<?, S>, S> void tend(
            T object,
            List<String> users,
            Function<List<Condition>, S> status,
            @Nullable List<Condition> before) {
        var metadata = object.getMetadata();
        var leaving = metadata.getDeletionTimestamp() != null;
        if (leaving && users.isEmpty()) {
            if (object.hasFinalizer(Names.NETWORK_FINALIZER)) {
                finalizers.remove(object, Names.NETWORK_FINALIZER);
                LOG.info("removing {} {}: nothing uses it", object.getKind(), metadata.getName());
            }
            return;
        }
        if (!leaving && !object.hasFinalizer(Names.NETWORK_FINALIZER)) {
            // Its status follows with the next round, which this change brings about.
            finalizers.add(object, Names.NETWORK_FINALIZER);
            return;
        }
        var wanted =
                status.apply(
                        leaving
                                ? List.of(condition(HELD, "InUse", NetworkUses.held(users), before))
                                : List.of(condition("Ready", "Accepted", "", before)));
        if (!wanted.equals(object.getStatus())) {
            var unused =
                    ApiCall.ignoring(
                            ApiCode.NOT_FOUND,
                            () ->
                                    client.resource(object)
                                            .editStatus(fresh -> {
                                                fresh.setStatus(wanted);
                                                return fresh;
                                            }));
        }
    }

    private Condition condition(
            String type, String reason, String message, @Nullable List<Condition> before) {
        return new ConditionState(type, true, reason, message)
                .condition(
                        Objects.requireNonNullElse(before, List.<Condition>of()), clock.instant());
    }
}
