package dev.monopod.controller.profile;

import dev.monopod.controller.ClusterView;
import dev.monopod.kube.api.FargateProfile;
import dev.monopod.kube.api.FargateProfileStatus;
import dev.monopod.kube.api.FargateProfileStatus.Phase;
import dev.monopod.kube.api.Machine;
import dev.monopod.kube.api.MachineSpec;
import dev.monopod.kube.api.Subnet;
import dev.monopod.kube.api.Vpc;
import dev.monopod.kube.client.Finalizers;
import dev.monopod.kube.mapping.Profiles;
import dev.monopod.model.loop.Loop;
import dev.monopod.model.loop.Loops;
import dev.monopod.model.loop.Pace;
import dev.monopod.model.loop.RetryQueue;
import dev.monopod.model.names.Names;
import dev.monopod.model.profile.Profile;
import dev.monopod.model.profile.ProfileQuota;
import dev.monopod.model.profile.ProfileRules;
import dev.monopod.model.profile.SubnetFacts;
import dev.monopod.model.profile.Violation;
import dev.monopod.model.profile.VpcFacts;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Leads each profile from CREATING to ACTIVE or CREATE_FAILED, and on deletion through DELETING:
/// its pods go first, then the profile. What failed is tried again when the network or the other
/// profiles change. One thread does all.
public final class ProfileLifecycle implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ProfileLifecycle.class);
    private static final String FINALIZER = "monopod.dev/profile";
    private static final Duration RETRY = Duration.ofSeconds(2);

    /// In the queue instead of a profile's name: admission is to follow.
    private static final String ADMISSION = "";

    private static final Set<@Nullable Phase> PLACED =
            EnumSet.of(Phase.CREATING, Phase.ACTIVE, Phase.DELETING);

    private final KubernetesClient client;
    private final Finalizers finalizers;
    private final ClusterView cluster;
    private final Arn arn;
    private final ProfileQuota quota;
    private final Runnable onActiveProfilesChanged;
    private final RetryQueue changed;
    private final Loop loop;

    /// Where the cluster pretends to be.
    public record Arn(String region, String account, String cluster) {
        public String of(FargateProfile profile) {
            return "arn:aws:eks:%s:%s:fargateprofile/%s/%s/%s"
                    .formatted(
                            region,
                            account,
                            cluster,
                            Profiles.name(profile),
                            profile.getMetadata().getUid());
        }
    }

    /// @param onActiveProfilesChanged called on the lifecycle's thread; admission follows
    public ProfileLifecycle(
            KubernetesClient client,
            ClusterView cluster,
            Arn arn,
            ProfileQuota quota,
            Runnable onActiveProfilesChanged,
            Loops loops) {
        this.client = client;
        this.finalizers = new Finalizers(client);
        this.cluster = cluster;
        this.arn = arn;
        this.quota = quota;
        this.onActiveProfilesChanged = onActiveProfilesChanged;
        this.loop = loops.planned("profiles", Pace.whenNudged(), this::pass);
        this.changed = new RetryQueue(System::nanoTime, loop::nudge, RETRY, RETRY);
    }

    public void start() {
        changed.add(ADMISSION);
        cluster.onNetworkChange(this::reviewFailed);
        cluster.onAdmissionChange(this::reviewAdmission);
        cluster.onProfile(profile -> changed.add(profile.getMetadata().getName()));
        // Pods that go may free a profile that is being deleted.
        cluster.onFargatePod(pod ->
                cluster.profiles().stream()
                        .filter(p -> p.getMetadata().getDeletionTimestamp() != null)
                        .forEach(p -> changed.add(p.getMetadata().getName())));
        loop.start();
    }

    /// Has admission follow again, as when profiles have changed.
    public void reviewAdmission() {
        changed.add(ADMISSION);
    }

    @Override
    public void close() {
        loop.close();
    }

    private void reviewFailed() {
        cluster.profiles().stream()
                .filter(profile -> phase(profile) == Phase.CREATE_FAILED)
                .forEach(profile -> changed.retry(profile.getMetadata().getName()));
    }

    private Duration pass() {
        return changed.work(
                this::reconcile,
                (name, e) ->
                        LOG.warn(
                                "failed to settle {}, retrying: {}",
                                name.equals(ADMISSION) ? "admission" : "profile " + name,
                                e.toString()));
    }

    private void reconcile(String name) {
        @Nullable FargateProfile profile =
                name.equals(ADMISSION)
                        ? null
                        : client.resources(FargateProfile.class).withName(name).get();
        if (profile == null) {
            changed.done(name);
            onActiveProfilesChanged.run();
            // One that is gone may have made room.
            reviewFailed();
            return;
        }
        switch (ProfileStep.of(profile, FINALIZER, () -> violations(profile))) {
            case ProfileStep.Rest() -> {}
            case ProfileStep.Claim() -> finalizers.add(profile, FINALIZER);
            case ProfileStep.Begin() -> status(profile, Phase.CREATING, "");
            case ProfileStep.Activate() -> {
                onActiveProfilesChanged.run();
                status(profile, Phase.ACTIVE, "");
            }
            case ProfileStep.Fail(var message) -> {
                status(profile, Phase.CREATE_FAILED, message);
                onActiveProfilesChanged.run();
            }
            case ProfileStep.Follow() -> onActiveProfilesChanged.run();
            case ProfileStep.Delete() -> delete(profile);
        }
    }

    private static @Nullable Phase phase(FargateProfile profile) {
        return profile.getStatus() == null ? null : profile.getStatus().phase();
    }

    private List<Violation> violations(FargateProfile profile) {
        var facts = Profiles.of(profile);
        var violations = new ArrayList<>(ProfileRules.check(facts));
        var others = others(profile);
        violations.addAll(ProfileRules.checkName(facts.name(), others));
        violations.addAll(ProfileRules.checkCount(others.size(), quota));
        var subnets =
                client.resources(Subnet.class).list().getItems().stream()
                        .map(Profiles::of)
                        .collect(Collectors.toMap(SubnetFacts::name, subnet -> subnet));
        var vpcs =
                client.resources(Vpc.class).list().getItems().stream()
                        .map(Profiles::of)
                        .collect(Collectors.toMap(VpcFacts::name, vpc -> vpc));
        violations.addAll(ProfileRules.checkNetwork(facts, subnets, vpcs));
        return violations;
    }

    /// Those that have their place already: of two that came past the webhooks, one fails.
    private List<String> others(FargateProfile profile) {
        return client.resources(FargateProfile.class).list().getItems().stream()
                .filter(other ->
                        !other.getMetadata().getUid().equals(profile.getMetadata().getUid()))
                .filter(other -> PLACED.contains(phase(other)))
                .map(Profiles::name)
                .toList();
    }

    private void delete(FargateProfile profile) {
        if (phase(profile) != Phase.DELETING) {
            status(profile, Phase.DELETING, "its pods are being deleted");
            onActiveProfilesChanged.run();
        }
        var pods = podsOf(profile);
        if (pods.isEmpty()) {
            finalizers.remove(profile, FINALIZER);
            LOG.info("profile {} is deleted", profile.getMetadata().getName());
            return;
        }
        pods.stream()
                .filter(pod -> pod.getMetadata().getDeletionTimestamp() == null)
                .forEach(pod -> client.resource(pod).delete());
        // Adopted pods belong to another scheduler, so no watch tells that they have gone.
        changed.retry(profile.getMetadata().getName());
    }

    /// Those that run by it, as their Machines say, and those that it would take, waiting with its
    /// label. Anyone may put that label on any pod, which holds up no profile.
    private List<Pod> podsOf(FargateProfile profile) {
        var name = Profiles.name(profile);
        var labelled =
                client
                        .pods()
                        .inAnyNamespace()
                        .withLabel(Names.PROFILE_LABEL, name)
                        .list()
                        .getItems()
                        .stream()
                        .collect(Collectors.toMap(pod -> pod.getMetadata().getUid(), pod -> pod));
        var pods =
                labelled.values().stream()
                        .filter(pod -> waitsFor(Profiles.of(profile), pod))
                        .collect(Collectors.toCollection(ArrayList::new));
        client
                .resources(Machine.class)
                .withLabel(Names.PROFILE_LABEL, name)
                .list()
                .getItems()
                .stream()
                .map(machine -> machine.getSpec().pod())
                .flatMap(pod ->
                        Optional.ofNullable(labelled.get(pod.uid())).or(() -> pod(pod)).stream())
                .filter(pod -> !pods.contains(pod))
                .forEach(pods::add);
        return pods;
    }

    private Optional<Pod> pod(MachineSpec.PodReference wanted) {
        return Optional.ofNullable(
                        client.pods().inNamespace(wanted.namespace()).withName(wanted.name()).get())
                .filter(pod -> wanted.uid().equals(pod.getMetadata().getUid()));
    }

    static boolean waitsFor(Profile profile, Pod pod) {
        var metadata = pod.getMetadata();
        var labels = Objects.requireNonNullElse(metadata.getLabels(), Map.<String, String>of());
        var annotations =
                Objects.requireNonNullElse(metadata.getAnnotations(), Map.<String, String>of());
        return (Names.SCHEDULER_NAME.equals(pod.getSpec().getSchedulerName())
                        || annotations.containsKey(Names.CAPACITY_ANNOTATION))
                && profile.name().equals(labels.get(Names.PROFILE_LABEL))
                && profile.matches(metadata.getNamespace(), labels);
    }

    private void status(FargateProfile profile, Phase phase, String message) {
        client.resource(profile)
                .editStatus(fresh -> {
                    fresh.setStatus(
                            new FargateProfileStatus(
                                    phase,
                                    arn.of(fresh),
                                    message.isEmpty() ? null : message,
                                    fresh.getMetadata().getGeneration(),
                                    null));
                    return fresh;
                });
        LOG.info("profile {} is {} {}", profile.getMetadata().getName(), phase, message);
    }
}
