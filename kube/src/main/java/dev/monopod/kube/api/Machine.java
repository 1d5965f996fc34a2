package dev.monopod.kube.api;

import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.Kind;
import io.fabric8.kubernetes.model.annotation.Plural;
import io.fabric8.kubernetes.model.annotation.ShortNames;
import io.fabric8.kubernetes.model.annotation.Version;

/// One virtual machine for one pod. Creating it is the scheduler's commit point. Cluster-scoped.
@Group("monopod.dev")
@Version("v1")
@Kind("Machine")
@Plural("machines")
@ShortNames("ma")
public final class Machine extends CustomResource<MachineSpec, MachineStatus> {
    /// Whether nothing runs or lies on its host any more but its pod's logs.
    public boolean ended() {
        return status != null
                && (status.phase() == MachineStatus.Phase.Stopped
                        || status.phase() == MachineStatus.Phase.Failed);
    }
}
