package dev.monopod.kube.api;

import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.Kind;
import io.fabric8.kubernetes.model.annotation.Plural;
import io.fabric8.kubernetes.model.annotation.ShortNames;
import io.fabric8.kubernetes.model.annotation.Version;

/// A Linux host that an agent tends: what it can carry and what it carries. Cluster-scoped.
@Group("monopod.dev")
@Version("v1")
@Kind("Host")
@Plural("hosts")
@ShortNames("mh")
public final class Host extends CustomResource<HostSpec, HostStatus> {}
