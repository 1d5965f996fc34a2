package dev.monopod.loadbalancing.rules;

import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServicePort;

/// Names of target groups, and the readiness gates that wait for a target's health.
public final class TargetGroups {
    private static final String GATE_PREFIX = "target-health.elbv2.k8s.aws/";

    private TargetGroups() {}

    /// The group of a Service's port behind a load balancer; the same before and after a restart.
    public static String name(Owner owner, Service service, ServicePort port) {
        var meta = service.getMetadata();
        return "k8s-"
                + ReadableName.of(
                        meta.getNamespace(),
                        meta.getName(),
                        owner
                                + "|"
                                + meta.getNamespace()
                                + "/"
                                + meta.getName()
                                + ":"
                                + port.getPort());
    }

    /// Type of the pod condition that tells a target's health.
    public static String gate(String group) {
        return GATE_PREFIX + group;
    }

    /// The group that a condition's type names.
    public static String group(String gate) {
        return gate.substring(GATE_PREFIX.length());
    }

    public static boolean isGate(String condition) {
        return condition.startsWith(GATE_PREFIX);
    }
}
