package dev.monopod.kube.api;

import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.Kind;
import io.fabric8.kubernetes.model.annotation.Plural;
import io.fabric8.kubernetes.model.annotation.ShortNames;
import io.fabric8.kubernetes.model.annotation.Version;

/// Decides which pods run on machines of their own, and in which subnets. Cluster-scoped; spec
/// immutable but for its tags.
@Group("monopod.dev")
@Version("v1")
@Kind("FargateProfile")
@Plural("fargateprofiles")
@ShortNames("fp")
public final class FargateProfile
        extends CustomResource<FargateProfileSpec, FargateProfileStatus> {}
