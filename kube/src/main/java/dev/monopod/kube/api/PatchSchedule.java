package dev.monopod.kube.api;

import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.Kind;
import io.fabric8.kubernetes.model.annotation.Plural;
import io.fabric8.kubernetes.model.annotation.ShortNames;
import io.fabric8.kubernetes.model.annotation.Version;

/// Makes a [PatchRun] at times. Cluster-scoped.
@Group("monopod.dev")
@Version("v1")
@Kind("PatchSchedule")
@Plural("patchschedules")
@ShortNames("patchsched")
public final class PatchSchedule extends CustomResource<PatchScheduleSpec, PatchScheduleStatus> {}
