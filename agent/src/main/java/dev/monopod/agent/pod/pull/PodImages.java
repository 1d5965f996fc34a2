package dev.monopod.agent.pod.pull;

import dev.monopod.agent.pod.api.ConfigSource;
import dev.monopod.agent.pod.scope.PodReports;
import dev.monopod.agent.pod.scope.PodView;
import dev.monopod.host.image.ImageStore;
import dev.monopod.host.image.ImageStore.PullIdentity;

/// The host's images, as one pod may have them.
public record PodImages(ImageStore store, PodView view, PodReports reports, ConfigSource source) {
    /// As whom the pod pulls. Each try asks anew, so that a secret that comes later counts.
    public PullIdentity identity() {
        return new PodPullIdentity(view, reports, source);
    }
}
