package dev.monopod.cli.up;

import dev.monopod.cli.terminal.CliException;
import dev.monopod.cli.terminal.Waiting;
import dev.monopod.cli.why.Why;
import dev.monopod.cli.why.WhyFacts;
import dev.monopod.kube.api.FargateProfile;
import dev.monopod.kube.api.FargateProfileSpec;
import dev.monopod.kube.api.FargateProfileStatus.Phase;
import dev.monopod.kube.api.Host;
import dev.monopod.kube.mapping.PodPhases;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// What `up` puts into the cluster: the profile `default` and the pod `hello`.
final class FirstPod {
    static final String NAME = "hello";
    private static final String NAMESPACE = "default";
    private static final Duration LIMIT = Duration.ofMinutes(5);

    private final KubernetesClient client;
    private final String hostName;
    private final Clock clock;

    FirstPod(KubernetesClient client, String hostName, Clock clock) {
        this.client = client;
        this.hostName = hostName;
        this.clock = clock;
    }

    /// Whether the agent of this host has spoken lately; waits for it until there is no hope.
    boolean awaitHost(BooleanSupplier hopeless) {
        Waiting.until(LIMIT, () -> tolerant(this::hostSpeaks) || hopeless.getAsBoolean());
        return tolerant(this::hostSpeaks);
    }

    private boolean hostSpeaks() {
        var host = client.resources(Host.class).withName(hostName).get();
        if (host == null || host.getStatus() == null) {
            return false;
        }
        var heartbeat = host.getStatus().heartbeat();
        return heartbeat != null
                && Instant.parse(heartbeat).isAfter(clock.instant().minus(30, ChronoUnit.SECONDS));
    }

    /// Returns when the profile `default` is ACTIVE; makes it if it is not there.
    void ensureProfile() {
        if (!Waiting.until(LIMIT, () -> tolerant(this::profileExists))) {
            // Once more without patience, for the reason.
            profileExists();
        }
        if (!Waiting.until(LIMIT, () -> tolerant(() -> phase() == Phase.ACTIVE))) {
            throw new CliException("profile default is " + phase() + ", not ACTIVE");
        }
    }

    private boolean profileExists() {
        if (client.resources(FargateProfile.class).withName("default").get() != null) {
            return true;
        }
        var profile = new FargateProfile();
        profile.getMetadata().setName("default");
        profile.setSpec(
                new FargateProfileSpec(
                        null,
                        List.of(new FargateProfileSpec.Selector(NAMESPACE, null)),
                        List.of("private-a", "private-b"),
                        null,
                        null,
                        null));
        client.resource(profile).create();
        return true;
    }

    private @Nullable Phase phase() {
        var profile = client.resources(FargateProfile.class).withName("default").get();
        return profile == null || profile.getStatus() == null ? null : profile.getStatus().phase();
    }

    /// Returns when the pod runs; one that has ended is replaced.
    void ensurePod(String image) {
        var pods = client.pods().inNamespace(NAMESPACE);
        var present = pods.withName(NAME).get();
        if (present != null && ended(present)) {
            pods.withName(NAME).delete();
            Waiting.until(LIMIT, () -> tolerant(() -> pods.withName(NAME).get() == null));
            present = null;
        }
        if (present == null) {
            // The service account controller may need a moment for a new namespace.
            Waiting.until(
                    LIMIT,
                    () ->
                            tolerant(() ->
                                    client.serviceAccounts()
                                                    .inNamespace(NAMESPACE)
                                                    .withName("default")
                                                    .get()
                                            != null));
            client.resource(pod(image)).inNamespace(NAMESPACE).create();
        }
        if (!Waiting.until(LIMIT, () -> tolerant(() -> runs(pods.withName(NAME).get())))) {
            throw new CliException(
                    "pod hello does not run: "
                            + Why.explain(WhyFacts.of(client, NAMESPACE, NAME)).reason(),
                    "monopod why hello");
        }
    }

    private static Pod pod(String image) {
        return new PodBuilder()
                .withNewMetadata()
                .withName(NAME)
                .withLabels(Map.of("app", NAME))
                .endMetadata()
                .withNewSpec()
                .addNewContainer()
                .withName(NAME)
                .withImage(image)
                .withImagePullPolicy("IfNotPresent")
                .withCommand(
                        "sh",
                        "-c",
                        "echo \"Hello from a machine of my own: $(uname -srm)\"; trap 'exit 0' TERM; while :; do sleep 3600 & wait $!; done")
                .endContainer()
                .endSpec()
                .build();
    }

    private static boolean ended(Pod pod) {
        return PodPhases.ended(pod) || pod.getMetadata().getDeletionTimestamp() != null;
    }

    private static boolean runs(@Nullable Pod pod) {
        return pod != null
                && pod.getStatus() != null
                && "Running".equals(pod.getStatus().getPhase())
                && !pod.getStatus().getContainerStatuses().isEmpty()
                && pod.getStatus().getContainerStatuses().stream()
                        .allMatch(status -> Boolean.TRUE.equals(status.getReady()));
    }

    /// While things start, an error of the API server means: not yet.
    private static boolean tolerant(Supplier<Boolean> question) {
        try {
            return question.get();
        } catch (KubernetesClientException notYet) {
            return false;
        }
    }
}
