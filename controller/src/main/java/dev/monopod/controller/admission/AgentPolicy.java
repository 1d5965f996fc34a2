package dev.monopod.controller.admission;

import dev.monopod.model.names.Names;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.NamedRuleWithOperations;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.NamedRuleWithOperationsBuilder;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingAdmissionPolicy;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingAdmissionPolicyBuilder;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.Validation;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidationBuilder;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.Variable;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Keeps the agent of one host from writing what is another's, whatever its process was made to do.
/// RBAC says which kinds an agent writes; this says which objects. The host is the user's name, so
/// it cannot be chosen; which Machine is on which host stands in its spec, which no agent writes;
/// Nodes and bound pods have the label [Names#HOST_LABEL] from the scheduler, and keep it.
///
/// Where there is no object to look at yet (a Lease that is made anew, an account's token) the
/// right to [Names#SERVE_VERB] decides, which the controller gives to each host for what its pods
/// have.
final class AgentPolicy {
    static final String HOSTS = "an agent writes the Host of its own name only, and never its spec";
    static final String MACHINES =
            "an agent writes Machines of its own host only, and never their spec and labels";
    static final String NODES =
            "an agent writes Nodes of Machines on its own host only, and never their spec, labels"
                    + " and addresses";
    static final String LEASES =
            "an agent writes Leases of Nodes of Machines on its own host only, in kube-node-lease";
    static final String PODS =
            "an agent writes pods on its own host only, and never their spec, labels and annotations";
    static final String STATUS =
            "an agent writes the status of pods on its own host only, with the address of their"
                    + " Node; of pods that wait for its load balancers, the target's health";
    static final String TOKENS =
            "an agent gets tokens for pods on its own host only, of their service account and bound"
                    + " to a pod";
    static final String ADDRESSES =
            "an agent takes and gives back the address of its own host only";

    private static final String RIGHT = "authorizer.group('" + Names.GROUP + "').resource('%s')";

    /// Services, policies and controllers choose pods by them.
    private static final String KEYS =
            "variables.labels == variables.oldLabels && variables.annotations == variables.oldAnnotations";

    private AgentPolicy() {}

    static ValidatingAdmissionPolicy policy() {
        return new ValidatingAdmissionPolicyBuilder()
                .withMetadata(Policies.metadata(Names.AGENT_POLICY))
                .withNewSpec()
                .withFailurePolicy("Fail")
                .withNewMatchConstraints()
                .withResourceRules(
                        rule(Names.GROUP, "v1", "hosts", "hosts/status", "machines"),
                        rule(Names.GROUP, "v1", "machines/status"),
                        rule("", "v1", "nodes", "nodes/status", "pods", "pods/status"),
                        rule("", "v1", "serviceaccounts/token"),
                        rule("coordination.k8s.io", "v1", "leases"),
                        rule("networking.k8s.io", "*", "ipaddresses"))
                .endMatchConstraints()
                // Who acts as an agent, in a cluster that was there before Monopod, might leave out
                // the group; its rights go by the name.
                .addNewMatchCondition(
                        "'%s' in request.userInfo.groups || request.userInfo.username.startsWith('%s')"
                                .formatted(Names.AGENTS, Names.AGENT_USER),
                        "agents")
                .withVariables(variables())
                .withValidations(
                        of("hosts", hosts(), HOSTS),
                        of("machines", machines(), MACHINES),
                        of("nodes", nodes(), NODES),
                        of("leases", leases(), LEASES),
                        of("pods", "variables.part == 'status' || " + pods(), PODS),
                        of("pods", "variables.part != 'status' || " + status(), STATUS),
                        of("serviceaccounts", tokens(), TOKENS),
                        of("ipaddresses", addresses(), ADDRESSES))
                .endSpec()
                .build();
    }

    private static NamedRuleWithOperations rule(String group, String version, String... resources) {
        return new NamedRuleWithOperationsBuilder()
                .withApiGroups(group)
                .withApiVersions(version)
                .withOperations("CREATE", "UPDATE", "DELETE")
                .withResources(resources)
                .build();
    }

    private static List<Variable> variables() {
        return List.of(
                variable(
                        "host",
                        "request.userInfo.username.startsWith('%1$s') ? request.userInfo.username.substring(%2$d) : ''"
                                .formatted(Names.AGENT_USER, Names.AGENT_USER.length())),
                variable("part", "has(request.subResource) ? request.subResource : ''"),
                variable("name", "(object == null ? oldObject : object).metadata.name"),
                variable("labels", map("object", "labels")),
                variable("oldLabels", map("oldObject", "labels")),
                variable("annotations", map("object", "annotations")),
                variable("oldAnnotations", map("oldObject", "annotations")),
                // It was on this host before this request.
                variable(
                        "mine",
                        "variables.host != '' && '%1$s' in variables.oldLabels && variables.oldLabels['%1$s'] == variables.host"
                                .formatted(Names.HOST_LABEL)));
    }

    private static String map(String object, String field) {
        return "%1$s == null || !has(%1$s.metadata.%2$s) ? {} : %1$s.metadata.%2$s"
                .formatted(object, field);
    }

    /// A subresource's object names no spec that could be written, and is held to it all the same.
    private static String hosts() {
        return "variables.host != '' && variables.name == variables.host"
                + " && (object == null || oldObject == null || object.spec == oldObject.spec)";
    }

    private static String machines() {
        return "oldObject != null && oldObject.spec.host == variables.host"
                + " && (object == null || object.spec == oldObject.spec && variables.labels == variables.oldLabels)";
    }

    /// Addresses are where the API server takes `exec` and `logs` to.
    private static String nodes() {
        return "variables.mine && (object == null || variables.labels == variables.oldLabels"
                + " && object.spec == oldObject.spec"
                + " && (!has(object.status.addresses) || object.status.addresses.all(a,"
                + " oldObject.status.addresses.exists(b, b == a))))";
    }

    /// The scheduler makes the Lease of each Machine. One that was lost, or has no label, is made
    /// or renewed by the right.
    private static String leases() {
        return "request.namespace == 'kube-node-lease' && (variables.mine"
                + " && (object == null || variables.labels == variables.oldLabels) || "
                + RIGHT.formatted("nodes")
                + ".namespace('kube-node-lease').name(variables.name).check('%s').allowed())"
                        .formatted(Names.SERVE_VERB);
    }

    private static String pods() {
        return "variables.mine && (object == null || object.spec == oldObject.spec && %s)"
                .formatted(KEYS);
    }

    /// A Service sends its packets to the address that a pod's status tells.
    private static String status() {
        return KEYS
                + " && (variables.mine && (!has(object.status.podIP) || "
                + isNodes("object.status.podIP")
                + ") && (!has(object.status.podIPs) || object.status.podIPs.all(p, "
                + isNodes("p.ip")
                + ")) || "
                + onlyHealth()
                + ")";
    }

    /// A Node is named by its address.
    private static String isNodes(String address) {
        return "oldObject.spec.nodeName.startsWith('%s' + %s.replace('.', '-') + '.')"
                .formatted(Names.NODE_PREFIX, address);
    }

    private static String onlyHealth() {
        var fields =
                Stream.of(
                                "phase",
                                "reason",
                                "message",
                                "podIP",
                                "podIPs",
                                "hostIP",
                                "hostIPs",
                                "startTime",
                                "nominatedNodeName",
                                "qosClass",
                                "containerStatuses",
                                "initContainerStatuses",
                                "ephemeralContainerStatuses")
                        .map(field ->
                                "has(object.status.%1$s) == has(oldObject.status.%1$s) && (!has(object.status.%1$s) || object.status.%1$s == oldObject.status.%1$s)"
                                        .formatted(field))
                        .collect(Collectors.joining(" && "));
        var others =
                "(has(%1$s.status.conditions) ? %1$s.status.conditions.filter(c, !c.type.startsWith('%2$s')) : [])";
        return "'%s' in variables.oldLabels && ".formatted(Names.TARGET_HEALTH_LABEL)
                + fields
                + " && "
                + others.formatted("object", Names.TARGET_HEALTH_GATE)
                + " == "
                + others.formatted("oldObject", Names.TARGET_HEALTH_GATE);
    }

    /// The API server itself sees to it that the pod is there and has this account.
    private static String tokens() {
        return "variables.part == 'token' && has(object.spec.boundObjectRef)"
                + " && has(object.spec.boundObjectRef.kind) && object.spec.boundObjectRef.kind == 'Pod' && "
                + RIGHT.formatted("serviceaccounts")
                + ".namespace(request.namespace).name(request.name).check('%s').allowed()"
                        .formatted(Names.SERVE_VERB);
    }

    private static String addresses() {
        var own =
                "'%1$s' in variables.%2$s && variables.%2$s['%1$s'] == variables.host && %3$s.spec.parentRef.group == '%4$s' && %3$s.spec.parentRef.resource == 'hosts' && %3$s.spec.parentRef.name == variables.host";
        return "variables.host != '' && (object == null || %s) && (oldObject == null || %s)"
                .formatted(
                        own.formatted(Names.HOST_LABEL, "labels", "object", Names.GROUP),
                        own.formatted(Names.HOST_LABEL, "oldLabels", "oldObject", Names.GROUP));
    }

    private static Variable variable(String name, String expression) {
        return new Variable(expression, name);
    }

    private static Validation of(String resource, String expression, String message) {
        return new ValidationBuilder()
                .withExpression(
                        "request.resource.resource != '%s' || %s".formatted(resource, expression))
                .withMessage(message)
                .withReason("Forbidden")
                .build();
    }
}
