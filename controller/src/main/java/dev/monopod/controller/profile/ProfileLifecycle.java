package dev.monopod.controller.profile;

import dev.monopod.controller.ClusterView;
import dev.monopod.kube.api.FargateProfile;
import dev.monopod.kube.api.FargateProfileStatus;
import dev.monopod.kube.api.FargateProfileStatus.Phase;
import dev.monopod.kube.api.Names;
import dev.monopod.kube.api.Subnet;
import dev.monopod.kube.api.Vpc;
import dev.monopod.kube.mapping.Profiles;
import dev.monopod.model.profile.ProfileRules;
import dev.monopod.model.profile.SubnetFacts;
import dev.monopod.model.profile.Violation;
import dev.monopod.model.profile.VpcFacts;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Leads each profile from CREATING to ACTIVE or CREATE_FAILED, and on deletion through DELETING:
/// its pods go first, then the profile. One thread does all.
public final class ProfileLifecycle implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ProfileLifecycle.class);
    private static final String FINALIZER = "monopod.dev/profile";
    private static final Duration RETRY = Duration.ofSeconds(2);

    private final KubernetesClient client;
    private final ClusterView cluster;
    private final Arn arn;
    private final Runnable onActiveProfilesChanged;
    private final BlockingQueue<String> changed = new LinkedBlockingQueue<>();
    private final ScheduledExecutorService timer =
            Executors.newSingleThreadScheduledExecutor(
                    Thread.ofVirtual().name("profile-retries").factory());
    private final Thread thread = Thread.ofVirtual().name("profiles").unstarted(this::run);

    /// Where the cluster pretends to be.
    public record Arn(String region, String account, String cluster) {
        String of(FargateProfile profile) {
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
            Runnable onActiveProfilesChanged) {
        this.client = client;
        this.cluster = cluster;
        this.arn = arn;
        this.onActiveProfilesChanged = onActiveProfilesChanged;
    }

    public void start() {
        cluster.onProfile(profile -> changed.add(profile.getMetadata().getName()));
        // Pods that go may free a profile that is being deleted.
        cluster.onFargatePod(pod ->
                cluster.profiles().stream()
                        .filter(p -> p.getMetadata().getDeletionTimestamp() != null)
                        .forEach(p -> changed.add(p.getMetadata().getName())));
        thread.start();
    }

    @Override
    public void close() {
        thread.interrupt();
        timer.shutdownNow();
    }

    private void run() {
        try {
            onActiveProfilesChanged.run();
        } catch (RuntimeException e) {
            LOG.warn("admission does not follow the profiles yet: {}", e.toString());
        }
        while (true) {
            String name;
            try {
                name = changed.take();
            } catch (InterruptedException e) {
                return;
            }
            try {
                reconcile(name);
            } catch (RuntimeException e) {
                LOG.warn("profile {} will be tried again: {}", name, e.toString());
                again(name);
            }
        }
    }

    private void again(String name) {
        var unused =
                timer.schedule(() -> changed.add(name), RETRY.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void reconcile(String name) {
        var profile = client.resources(FargateProfile.class).withName(name).get();
        if (profile == null) {
            onActiveProfilesChanged.run();
        } else if (profile.getMetadata().getDeletionTimestamp() != null) {
            delete(profile);
        } else if (!profile.getMetadata().getFinalizers().contains(FINALIZER)) {
            client.resource(profile)
                    .edit(fresh -> {
                        fresh.getMetadata().getFinalizers().add(FINALIZER);
                        return fresh;
                    });
        } else if (phase(profile) != Phase.ACTIVE) {
            create(profile);
        } else {
            onActiveProfilesChanged.run();
        }
    }

    private static @Nullable Phase phase(FargateProfile profile) {
        return profile.getStatus() == null ? null : profile.getStatus().phase();
    }

    private void create(FargateProfile profile) {
        var violations = violations(profile);
        if (violations.isEmpty()) {
            status(profile, Phase.ACTIVE, "");
            onActiveProfilesChanged.run();
        } else {
            status(
                    profile,
                    Phase.CREATE_FAILED,
                    violations.stream()
                            .map(v -> v.message() + " (" + v.fieldPath() + ")")
                            .collect(Collectors.joining("; ")));
        }
    }

    private List<Violation> violations(FargateProfile profile) {
        var facts = Profiles.of(profile);
        var violations = new ArrayList<>(ProfileRules.check(facts));
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

    private void delete(FargateProfile profile) {
        if (!profile.getMetadata().getFinalizers().contains(FINALIZER)) {
            return;
        }
        if (phase(profile) != Phase.DELETING) {
            status(profile, Phase.DELETING, "its pods are being deleted");
            onActiveProfilesChanged.run();
        }
        var pods =
                client.pods()
                        .inAnyNamespace()
                        .withLabel(Names.PROFILE_LABEL, Profiles.name(profile))
                        .list()
                        .getItems();
        if (pods.isEmpty()) {
            client.resource(profile)
                    .edit(fresh -> {
                        fresh.getMetadata().getFinalizers().remove(FINALIZER);
                        return fresh;
                    });
            LOG.info("profile {} is deleted", profile.getMetadata().getName());
            return;
        }
        pods.stream()
                .filter(pod -> pod.getMetadata().getDeletionTimestamp() == null)
                .forEach(pod -> client.resource(pod).delete());
        // Adopted pods belong to another scheduler, so no watch tells that they have gone.
        again(profile.getMetadata().getName());
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
