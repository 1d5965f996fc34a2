package dev.monopod.kube.api;

import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.Kind;
import io.fabric8.kubernetes.model.annotation.Plural;
import io.fabric8.kubernetes.model.annotation.ShortNames;
import io.fabric8.kubernetes.model.annotation.Version;

/// A virtual private cloud: on each host one network namespace that routes for its machines.
/// Cluster-scoped.
@Group("monopod.dev")
@Version("v1")
@Kind("Vpc")
@Plural("vpcs")
@ShortNames("vpc")
public final class Vpc extends CustomResource<VpcSpec, VpcStatus> {}
