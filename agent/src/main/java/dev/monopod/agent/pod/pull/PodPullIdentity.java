package dev.monopod.agent.pod.pull;

import dev.monopod.agent.pod.api.ConfigSource;
import dev.monopod.agent.pod.scope.PodReports;
import dev.monopod.agent.pod.scope.PodView;
import dev.monopod.host.image.ImageStore.PullIdentity;
import dev.monopod.host.image.ImageStore.RegistryCredential;
import dev.monopod.kube.client.EventType;
import java.util.List;
import java.util.Optional;

/// As whom one try to pull an image of a pod is made: its secrets and its profile's role, read at
/// the API server at the first question and not again. Of one thread at a time.
public final class PodPullIdentity implements PullIdentity {
    private final PodView view;
    private final PodReports reports;
    private final ConfigSource source;
    private Optional<List<RegistryCredential>> secrets = Optional.empty();
    private Optional<String> executionRole = Optional.empty();

    public PodPullIdentity(PodView view, PodReports reports, ConfigSource source) {
        this.view = view;
        this.reports = reports;
        this.source = source;
    }

    @Override
    public List<RegistryCredential> secrets() {
        if (secrets.isEmpty()) {
            var read = PullSecrets.of(view.pod(), source);
            if (!read.missing().isEmpty()) {
                reports.event(
                        EventType.WARNING,
                        "FailedToRetrieveImagePullSecret",
                        "Unable to retrieve some image pull secrets (%s); attempting to pull the image may not succeed."
                                .formatted(String.join(", ", read.missing())));
            }
            secrets = Optional.of(read.credentials());
        }
        return secrets.get();
    }

    @Override
    public String executionRole() {
        if (executionRole.isEmpty()) {
            var profile = view.machine().getSpec().profile();
            executionRole = Optional.of(profile == null ? "" : source.executionRole(profile));
        }
        return executionRole.get();
    }
}
