package dev.monopod.agent.pod.pull;

import dev.monopod.agent.pod.api.PodApi;
import dev.monopod.agent.pod.scope.PodRuntime;
import dev.monopod.host.image.ImageStore.PullIdentity;
import dev.monopod.host.image.ImageStore.RegistryCredential;
import java.util.List;
import java.util.Optional;

/// As whom one try to pull an image of a pod is made: its secrets and its profile's role, read at
/// the API server at the first question and not again. Of one thread at a time.
public final class PodPullIdentity implements PullIdentity {
    private final PodRuntime runtime;
    private Optional<List<RegistryCredential>> secrets = Optional.empty();
    private Optional<String> executionRole = Optional.empty();

    public PodPullIdentity(PodRuntime runtime) {
        this.runtime = runtime;
    }

    @Override
    public List<RegistryCredential> secrets() {
        if (secrets.isEmpty()) {
            PullSecrets read = PullSecrets.of(runtime.pod(), runtime.services().source());
            if (!read.missing().isEmpty()) {
                runtime.event(
                        PodApi.EventType.Warning,
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
            String profile = runtime.machine().getSpec().profile();
            executionRole =
                    Optional.of(
                            profile == null
                                    ? ""
                                    : runtime.services().source().executionRole(profile));
        }
        return executionRole.get();
    }
}
