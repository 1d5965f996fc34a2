package dev.monopod.kube.api;

import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.Kind;
import io.fabric8.kubernetes.model.annotation.Plural;
import io.fabric8.kubernetes.model.annotation.ShortNames;
import io.fabric8.kubernetes.model.annotation.Version;

/// Which connections the interfaces of a [Vpc] that it is on may have: stateful, rules allow only.
/// Its name is the group id of a [SecurityGroupPolicy]. Cluster-scoped.
@Group("monopod.dev")
@Version("v1")
@Kind("SecurityGroup")
@Plural("securitygroups")
@ShortNames("sg")
public final class SecurityGroup extends CustomResource<SecurityGroupSpec, SecurityGroupStatus> {}
