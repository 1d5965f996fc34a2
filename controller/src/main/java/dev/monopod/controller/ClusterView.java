package dev.monopod.controller;

import dev.monopod.kube.api.FargateProfile;
import dev.monopod.kube.api.Host;
import dev.monopod.kube.api.Machine;
import dev.monopod.kube.api.Subnet;
import dev.monopod.kube.api.Vpc;
import dev.monopod.kube.mapping.PodShapes;
import dev.monopod.kube.watch.ChangeHandler;
import dev.monopod.model.names.Names;
import dev.monopod.model.support.PodShape.ClaimState;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The controller's copy of the cluster, kept by watches. What it lists may lag; what must not be
/// decided twice is decided by creating an object whose name can exist once. Thread-safe.
public final class ClusterView implements AutoCloseable {
    private static final Duration SILENCE = Duration.ofSeconds(30);
    private static final long RESYNC_MILLIS = Duration.ofMinutes(5).toMillis();

    private final SharedIndexInformer<FargateProfile> profiles;
    private final SharedIndexInformer<Subnet> subnets;
    private final SharedIndexInformer<Vpc> vpcs;
    private final SharedIndexInformer<Host> hosts;
    private final SharedIndexInformer<Machine> machines;
    private final SharedIndexInformer<Pod> fargatePods;
    private final SharedIndexInformer<Pod> unassignedPods;
    private final SharedIndexInformer<Pod> foreignPods;
    private final SharedIndexInformer<PersistentVolumeClaim> claims;
    private final SharedIndexInformer<PersistentVolume> volumes;

    public ClusterView(KubernetesClient client) {
        profiles = client.resources(FargateProfile.class).runnableInformer(RESYNC_MILLIS);
        subnets = client.resources(Subnet.class).runnableInformer(RESYNC_MILLIS);
        vpcs = client.resources(Vpc.class).runnableInformer(RESYNC_MILLIS);
        hosts = client.resources(Host.class).runnableInformer(RESYNC_MILLIS);
        machines = client.resources(Machine.class).runnableInformer(RESYNC_MILLIS);
        fargatePods =
                client.pods()
                        .inAnyNamespace()
                        .withField("spec.schedulerName", Names.SCHEDULER_NAME)
                        .runnableInformer(RESYNC_MILLIS);
        unassignedPods =
                client.pods()
                        .inAnyNamespace()
                        .withField("spec.nodeName", "")
                        .runnableInformer(RESYNC_MILLIS);
        foreignPods =
                client.pods()
                        .inAnyNamespace()
                        .withField("status.phase", "Pending")
                        .withoutField("spec.nodeName", "")
                        .withoutField("spec.schedulerName", Names.SCHEDULER_NAME)
                        .runnableInformer(RESYNC_MILLIS);
        claims = client.persistentVolumeClaims().inAnyNamespace().runnableInformer(RESYNC_MILLIS);
        volumes = client.persistentVolumes().runnableInformer(RESYNC_MILLIS);
    }

    /// Starts the watch that admission needs, on every replica.
    public void startProfiles() {
        start(profiles);
    }

    /// Starts all other watches; returns when their lists are complete.
    public void startAll() {
        start(subnets);
        start(vpcs);
        start(hosts);
        start(machines);
        start(fargatePods);
        start(unassignedPods);
        start(foreignPods);
        start(claims);
        start(volumes);
    }

    private static void start(SharedIndexInformer<?> informer) {
        informer.exceptionHandler((started, error) -> true);
        informer.start().toCompletableFuture().join();
    }

    public List<FargateProfile> profiles() {
        return profiles.getStore().list();
    }

    public List<Subnet> subnets() {
        return subnets.getStore().list();
    }

    public List<Vpc> vpcs() {
        return vpcs.getStore().list();
    }

    public List<Host> hosts() {
        return hosts.getStore().list();
    }

    public List<Machine> machines() {
        return machines.getStore().list();
    }

    public List<Pod> fargatePods() {
        return fargatePods.getStore().list();
    }

    public List<Pod> unassignedPods() {
        return unassignedPods.getStore().list();
    }

    /// Pods that their author or another scheduler has put on a node, and that do not run yet.
    public List<Pod> foreignPods() {
        return foreignPods.getStore().list();
    }

    public @Nullable Pod fargatePod(String key) {
        return fargatePods.getStore().getByKey(key);
    }

    public @Nullable Pod unassignedPod(String key) {
        return unassignedPods.getStore().getByKey(key);
    }

    /// What a pod may know of a claim.
    public ClaimState claim(String namespace, String name) {
        var claim = claims.getStore().getByKey(namespace + "/" + name);
        if (claim == null) {
            return new ClaimState.Missing();
        }
        var volumeName = claim.getSpec().getVolumeName();
        // A claim may name its volume before it is bound to it.
        if (!"Bound".equals(phase(claim)) || volumeName == null) {
            return new ClaimState.Unbound();
        }
        var volume = volumes.getStore().getByKey(volumeName);
        return volume == null ? new ClaimState.Unbound() : PodShapes.boundTo(volume);
    }

    /// Calls back on any change of profiles, subnets, VPCs or hosts, and on machines that go.
    public void onPlacementChange(Runnable changed) {
        profiles.addEventHandler(ChangeHandler.each(_ -> changed.run()));
        onNetworkChange(changed);
        machines.addEventHandler(
                new ResourceEventHandler<>() {
                    @Override
                    public void onAdd(Machine machine) {}

                    @Override
                    public void onUpdate(Machine before, Machine machine) {}

                    @Override
                    public void onDelete(Machine machine, boolean unknown) {
                        changed.run();
                    }
                });
        hosts.addEventHandler(
                ChangeHandler.where(
                        (before, host) -> !room(before).equals(room(host)) || silent(before, host),
                        changed));
    }

    /// Calls back when a claim appears, or is bound.
    public void onClaimChange(Runnable changed) {
        volumes.addEventHandler(ChangeHandler.where((_, _) -> false, changed));
        claims.addEventHandler(
                new ResourceEventHandler<>() {
                    @Override
                    public void onAdd(PersistentVolumeClaim claim) {
                        changed.run();
                    }

                    @Override
                    public void onUpdate(PersistentVolumeClaim before, PersistentVolumeClaim now) {
                        if (!phase(before).equals(phase(now))) {
                            changed.run();
                        }
                    }

                    @Override
                    public void onDelete(PersistentVolumeClaim claim, boolean unknown) {}
                });
    }

    private static String phase(PersistentVolumeClaim claim) {
        return claim.getStatus() == null
                ? ""
                : Objects.requireNonNullElse(claim.getStatus().getPhase(), "");
    }

    private static boolean silent(Host before, Host after) {
        var earlier = before.getStatus() == null ? null : before.getStatus().heartbeat();
        var later = after.getStatus() == null ? null : after.getStatus().heartbeat();
        try {
            return earlier != null
                    && later != null
                    && Duration.between(Instant.parse(earlier), Instant.parse(later))
                                    .compareTo(SILENCE)
                            > 0;
        } catch (DateTimeParseException e) {
            return true;
        }
    }

    /// What of a host decides whether a pod fits. A heartbeat alone changes nothing for those who
    /// wait, but one after a silence does.
    private static List<Object> room(Host host) {
        var status = host.getStatus();
        return status == null
                ? List.of()
                : List.of(
                        Objects.requireNonNullElse(host.getMetadata().getGeneration(), 0L),
                        Objects.requireNonNullElse(status.capacityMilliCpu(), 0L),
                        Objects.requireNonNullElse(status.capacityMemoryMebiBytes(), 0L),
                        Objects.requireNonNullElse(status.capacityStorageMebiBytes(), 0L));
    }

    public void onProfile(Consumer<FargateProfile> changed) {
        profiles.addEventHandler(ChangeHandler.each(changed));
    }

    /// Calls back on any change of subnets or VPCs but of their statuses.
    public void onNetworkChange(Runnable changed) {
        subnets.addEventHandler(ChangeHandler.anySpec(changed));
        vpcs.addEventHandler(ChangeHandler.anySpec(changed));
    }

    public void onMachine(Consumer<Machine> changed) {
        machines.addEventHandler(ChangeHandler.each(changed));
    }

    public void onFargatePod(Consumer<Pod> changed) {
        fargatePods.addEventHandler(ChangeHandler.each(changed));
    }

    public void onUnassignedPod(Consumer<Pod> changed) {
        unassignedPods.addEventHandler(ChangeHandler.each(changed));
    }

    @Override
    public void close() {
        for (var informer :
                List.of(
                        profiles,
                        subnets,
                        vpcs,
                        hosts,
                        machines,
                        fargatePods,
                        unassignedPods,
                        foreignPods,
                        claims,
                        volumes)) {
            informer.stop();
        }
    }
}
