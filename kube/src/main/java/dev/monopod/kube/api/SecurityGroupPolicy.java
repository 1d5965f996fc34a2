package dev.monopod.kube.api;

import io.fabric8.kubernetes.api.model.Namespaced;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.Kind;
import io.fabric8.kubernetes.model.annotation.Plural;
import io.fabric8.kubernetes.model.annotation.ShortNames;
import io.fabric8.kubernetes.model.annotation.Version;

/// EKS' own object: which security groups the pods of a namespace get when they are created.
@Group("vpcresources.k8s.aws")
@Version("v1beta1")
@Kind("SecurityGroupPolicy")
@Plural("securitygrouppolicies")
@ShortNames("sgp")
public final class SecurityGroupPolicy extends CustomResource<SecurityGroupPolicySpec, Void>
        implements Namespaced {}
