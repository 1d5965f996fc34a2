package dev.monopod.kube.api;

import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.Kind;
import io.fabric8.kubernetes.model.annotation.Plural;
import io.fabric8.kubernetes.model.annotation.ShortNames;
import io.fabric8.kubernetes.model.annotation.Version;

/// One round of patching: pods made before it are evicted, so that their machines are made anew.
/// Deleting it ends the round where it is. Cluster-scoped.
@Group("monopod.dev")
@Version("v1")
@Kind("PatchRun")
@Plural("patchruns")
@ShortNames("patch")
public final class PatchRun extends CustomResource<PatchRunSpec, PatchRunStatus> {
    /// Whether it has come to its end.
    public boolean done() {
        return status != null && status.phase() == PatchRunStatus.Phase.Done;
    }
}
