package dev.monopod.kube.api;

import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.Kind;
import io.fabric8.kubernetes.model.annotation.Plural;
import io.fabric8.kubernetes.model.annotation.ShortNames;
import io.fabric8.kubernetes.model.annotation.Version;

/// A range of addresses of a [Vpc] in one zone. Cluster-scoped.
@Group("monopod.dev")
@Version("v1")
@Kind("Subnet")
@Plural("subnets")
@ShortNames("sn")
public final class Subnet extends CustomResource<SubnetSpec, SubnetStatus> {}
