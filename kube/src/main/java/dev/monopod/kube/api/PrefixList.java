package dev.monopod.kube.api;

import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.Kind;
import io.fabric8.kubernetes.model.annotation.Plural;
import io.fabric8.kubernetes.model.annotation.ShortNames;
import io.fabric8.kubernetes.model.annotation.Version;

/// Ranges under one name, for rules of a [SecurityGroup]. Cluster-scoped.
@Group("monopod.dev")
@Version("v1")
@Kind("PrefixList")
@Plural("prefixlists")
@ShortNames("pl")
public final class PrefixList extends CustomResource<PrefixListSpec, PrefixListStatus> {}
