package dev.monopod.controller.patching;

import dev.monopod.kube.api.MachineVersions;
import dev.monopod.kube.api.PatchRunStatus.Refused;
import dev.monopod.kube.eviction.EvictionAnswer;
import dev.monopod.kube.patching.PatchTarget;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.util.Optional;

/// Pods that are to be patched.
final class Targets {
    static final String REFUSED_AT = "2021-06-27T12:52:44.832Z";
    static final String TERMINATION = "2021-06-30T12:52:44.832Z";

    private Targets() {}

    static PatchTarget target(String name, String zone) {
        return new PatchTarget(
                new PodBuilder()
                        .withNewMetadata()
                        .withNamespace("default")
                        .withName(name)
                        .withUid("uid-" + name)
                        .endMetadata()
                        .build(),
                zone,
                "my-fargate-profile",
                Optional.empty(),
                Optional.of(new MachineVersions("6.1", "a", "7.2")));
    }

    static PatchTarget leaving(PatchTarget target) {
        target.pod().getMetadata().setDeletionTimestamp("2021-06-27T12:52:00Z");
        return target;
    }

    static Refused refused(PatchTarget target) {
        return new Refused(
                "default",
                target.pod().getMetadata().getName(),
                target.uid(),
                EvictionAnswer.BUDGET,
                REFUSED_AT,
                TERMINATION,
                false);
    }
}
