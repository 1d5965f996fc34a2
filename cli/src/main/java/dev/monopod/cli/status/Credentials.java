package dev.monopod.cli.status;

import dev.monopod.cli.cluster.Cluster;
import dev.monopod.cli.installation.Installation;
import dev.monopod.cli.installation.Layout;
import dev.monopod.cli.installation.Standing;
import dev.monopod.kube.client.ApiCode;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Whether a cluster that was there before Monopod still takes the credentials of this host.
record Credentials(Layout layout) {
    private static final String WHO_AM_I = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    private static final String REVIEW =
            "{\"apiVersion\": \"authentication.k8s.io/v1\", \"kind\": \"SelfSubjectReview\"}";

    /// One sentence for each of them that is worth nothing, with the remedy. A cluster that does
    /// not answer refuses none.
    List<String> refused() {
        var installation = Installation.read(layout);
        if (installation.isEmpty()
                || !(installation.get().standing() instanceof Standing.Guest guest)) {
            return List.of();
        }
        List<String> words = new ArrayList<>();
        for (var process :
                guest.runsController() ? List.of("agent", "controller") : List.of("agent")) {
            try (var client = Cluster.connect(layout.guestKubeconfig(process))) {
                var unused = client.raw(WHO_AM_I, "POST", REVIEW);
            } catch (UncheckedIOException unreadable) {
                words.add("The credential of the %s is not there. %s".formatted(process, remedy()));
            } catch (KubernetesClientException failure) {
                refusal(failure)
                        .ifPresent(why ->
                                words.add(
                                        "The cluster refuses the %s of this host: %s. %s"
                                                .formatted(process, why, remedy())));
            }
        }
        return List.copyOf(words);
    }

    private static Optional<String> refusal(KubernetesClientException failure) {
        if (ApiCode.UNAUTHORIZED.in(failure)) {
            return Optional.of("its service account was deleted, or its token has ended");
        }
        return ApiCode.FORBIDDEN.in(failure)
                ? Optional.of("its rights were revoked")
                : Optional.empty();
    }

    private static String remedy() {
        return "For a new one: monopod up --kubeconfig FILE, with an administrator's.";
    }
}
