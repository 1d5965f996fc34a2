package dev.monopod.controller;

import dev.monopod.controller.logging.LoggingConfigMap;
import dev.monopod.eks.sts.ConfigMapRoles;
import dev.monopod.kube.api.FargateProfile;
import dev.monopod.kube.api.Host;
import dev.monopod.kube.api.Machine;
import dev.monopod.kube.api.Subnet;
import dev.monopod.kube.api.Vpc;
import dev.monopod.kube.client.Selection;
import dev.monopod.kube.client.Watched;
import dev.monopod.kube.client.Watches;
import dev.monopod.kube.mapping.PodShapes;
import dev.monopod.kube.watch.ChangeHandler;
import dev.monopod.logging.plan.PodLogging;
import dev.monopod.model.names.Names;
import dev.monopod.model.support.PodShape.ClaimState;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.MutatingWebhookConfiguration;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingAdmissionPolicy;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingAdmissionPolicyBinding;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingWebhookConfiguration;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The controller's copy of the cluster, kept by watches. What it lists may lag; what must not be
/// decided twice is decided by creating an object whose name can exist once. Thread-safe.
public final class ClusterView implements AutoCloseable {
    private static final Duration SILENCE = Duration.ofSeconds(30);
    private static final String PART_OF = "app.kubernetes.io/part-of";

    private final Watches watches;
    private final Watched<FargateProfile> profiles;
    private final Watched<Subnet> subnets;
    private final Watched<Vpc> vpcs;
    private final Watched<Host> hosts;
    private final Watched<Machine> machines;
    private final Watched<Pod> fargatePods;
    private final Watched<Pod> unassignedPods;
    private final Watched<Pod> foreignPods;
    private final Watched<PersistentVolumeClaim> claims;
    private final Watched<PersistentVolume> volumes;
    private final LoggingConfigMap logging;
    private final Watched<ConfigMap> roles;
    private final Watched<MutatingWebhookConfiguration> mutating;
    private final Watched<ValidatingWebhookConfiguration> validating;
    private final Watched<ValidatingAdmissionPolicy> policies;
    private final Watched<ValidatingAdmissionPolicyBinding> policyBindings;

    public ClusterView(KubernetesClient client) {
        watches = new Watches(client);
        profiles = watches.of(FargateProfile.class);
        subnets = watches.of(Subnet.class);
        vpcs = watches.of(Vpc.class);
        hosts = watches.of(Host.class);
        machines = watches.of(Machine.class);
        fargatePods =
                watches.of(Pod.class, Selection.field("spec.schedulerName", Names.SCHEDULER_NAME));
        unassignedPods = watches.of(Pod.class, Selection.field("spec.nodeName", ""));
        foreignPods =
                watches.of(
                        Pod.class,
                        new Selection(
                                Map.of("status.phase", "Pending"),
                                Map.of(
                                        "spec.nodeName",
                                        "",
                                        "spec.schedulerName",
                                        Names.SCHEDULER_NAME),
                                Set.of()));
        claims = watches.of(PersistentVolumeClaim.class);
        volumes = watches.of(PersistentVolume.class);
        logging = new LoggingConfigMap(client, watches);
        roles = watches.of(ConfigMap.class, Selection.labelled(ConfigMapRoles.LABEL));
        var installed = Selection.labelled(PART_OF);
        mutating = watches.of(MutatingWebhookConfiguration.class, installed);
        validating = watches.of(ValidatingWebhookConfiguration.class, installed);
        policies = watches.of(ValidatingAdmissionPolicy.class, installed);
        policyBindings = watches.of(ValidatingAdmissionPolicyBinding.class, installed);
    }

    /// The watches themselves, for those who need a kind that nobody else does.
    public Watches watches() {
        return watches;
    }

    /// Starts all watches, but those that admission has started; returns when their lists are
    /// complete.
    public void startAll() {
        Stream.of(
                        profiles,
                        subnets,
                        vpcs,
                        hosts,
                        machines,
                        fargatePods,
                        unassignedPods,
                        foreignPods,
                        claims,
                        volumes,
                        logging.watched(),
                        roles,
                        mutating,
                        validating,
                        policies,
                        policyBindings)
                .forEach(watched -> watched.start().join());
    }

    public List<FargateProfile> profiles() {
        return profiles.list();
    }

    public List<Subnet> subnets() {
        return subnets.list();
    }

    public List<Vpc> vpcs() {
        return vpcs.list();
    }

    public List<Host> hosts() {
        return hosts.list();
    }

    public List<Machine> machines() {
        return machines.list();
    }

    /// The resource version up to which [#machines] shows all changes. Read it before them.
    public long machinesUpTo() {
        return machines.version();
    }

    public List<Pod> fargatePods() {
        return fargatePods.list();
    }

    public List<Pod> unassignedPods() {
        return unassignedPods.list();
    }

    /// Pods that their author or another scheduler has put on a node, and that do not run yet.
    public List<Pod> foreignPods() {
        return foreignPods.list();
    }

    public @Nullable Pod fargatePod(String key) {
        return fargatePods.find(key).orElse(null);
    }

    public @Nullable Pod unassignedPod(String key) {
        return unassignedPods.find(key).orElse(null);
    }

    /// What a pod may know of a claim.
    public ClaimState claim(String namespace, String name) {
        var claim = claims.find(namespace + "/" + name).orElse(null);
        if (claim == null) {
            return new ClaimState.Missing();
        }
        var volumeName = claim.getSpec().getVolumeName();
        // A claim may name its volume before it is bound to it.
        if (!"Bound".equals(phase(claim)) || volumeName == null) {
            return new ClaimState.Unbound();
        }
        var volume = volumes.find(volumeName).orElse(null);
        return volume == null ? new ClaimState.Unbound() : PodShapes.boundTo(volume);
    }

    /// What a pod that is placed now is told of logging.
    public PodLogging logging() {
        return logging.logging();
    }

    /// ConfigMaps that are roles of this cluster, or say so.
    public List<ConfigMap> roles() {
        return roles.inNamespace(ConfigMapRoles.NAMESPACE);
    }

    /// Calls back on any change of profiles, roles, subnets, VPCs or hosts, and on machines that
    /// end or go.
    public void onPlacementChange(Runnable changed) {
        profiles.onChange(ChangeHandler.each(_ -> changed.run()));
        roles.onChange(ChangeHandler.any(changed));
        onNetworkChange(changed);
        machines.onChange(
                new ResourceEventHandler<>() {
                    @Override
                    public void onAdd(Machine machine) {}

                    @Override
                    public void onUpdate(Machine before, Machine machine) {
                        if (!before.ended() && machine.ended()) {
                            changed.run();
                        }
                    }

                    @Override
                    public void onDelete(Machine machine, boolean unknown) {
                        changed.run();
                    }
                });
        hosts.onChange(
                ChangeHandler.where(
                        (before, host) -> !room(before).equals(room(host)) || silent(before, host),
                        changed));
    }

    /// Calls back when a claim appears, or is bound.
    public void onClaimChange(Runnable changed) {
        volumes.onChange(ChangeHandler.where((_, _) -> false, changed));
        claims.onChange(
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
                        Objects.requireNonNullElse(status.capacityStorageMebiBytes(), 0L),
                        status.underDiskPressure());
    }

    public void onProfile(Consumer<FargateProfile> changed) {
        profiles.onChange(ChangeHandler.each(changed));
    }

    /// Calls back on any change of subnets or VPCs but of their statuses.
    public void onNetworkChange(Runnable changed) {
        subnets.onChange(ChangeHandler.anySpec(changed));
        vpcs.onChange(ChangeHandler.anySpec(changed));
    }

    /// Calls back when what was installed for admission is changed by anyone, or removed. An object
    /// that loses its label has gone, for these watches.
    public void onAdmissionChange(Runnable changed) {
        mutating.onChange(ChangeHandler.any(changed));
        validating.onChange(ChangeHandler.any(changed));
        policies.onChange(ChangeHandler.any(changed));
        policyBindings.onChange(ChangeHandler.any(changed));
    }

    public void onMachine(Consumer<Machine> changed) {
        machines.onChange(ChangeHandler.each(changed));
    }

    /// Calls back when machines come or go, or their deletion is asked for.
    public void onMachineSpec(Runnable changed) {
        machines.onChange(ChangeHandler.anySpec(changed));
    }

    public void onFargatePod(Consumer<Pod> changed) {
        fargatePods.onChange(ChangeHandler.each(changed));
    }

    public void onUnassignedPod(Consumer<Pod> changed) {
        unassignedPods.onChange(ChangeHandler.each(changed));
    }

    @Override
    public void close() {
        watches.close();
    }
}
