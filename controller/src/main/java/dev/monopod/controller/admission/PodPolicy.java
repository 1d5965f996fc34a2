package dev.monopod.controller.admission;

import dev.monopod.model.names.Names;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingAdmissionPolicy;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingAdmissionPolicyBuilder;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.Validation;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidationBuilder;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.Variable;
import java.util.List;

/// Keeps users from what the system writes on pods. Nothing is decided by it: the scheduler
/// believes no label and no annotation, so this saves users, and whoever reads a pod, from being
/// misled.
///
/// On creation the policy sees the pod as the mutating webhook left it, under the name of the user,
/// so it can refuse only what no webhook writes; the webhook replaces the rest. On update nothing
/// of it changes. What users may go on to do: pick a profile by its label when they create a pod,
/// keep a pod off Fargate, edit every other label and annotation, apply a pod that they exported.
final class PodPolicy {
    static final String OWN_KEYS =
            "labels, annotations and finalizers that begin with monopod.dev/ are the system's own:"
                    + " remove them (but annotation monopod.dev/adopt), and change none";
    static final String MARKS =
            "annotations CapacityProvisioned, fargate.amazonaws.com/pod-sg and, on Fargate, Logging"
                    + " are the system's own: they tell what a Fargate pod was given; remove them, and"
                    + " change none";
    static final String PROFILE =
            "label eks.amazonaws.com/fargate-profile picks a profile when a pod is created; of a pod"
                    + " of Fargate it can't be changed: delete the pod and create it anew";
    static final String PREEMPTION =
            "a Fargate node is for its one pod, which is preempted for no other";

    private PodPolicy() {}

    static ValidatingAdmissionPolicy policy() {
        return new ValidatingAdmissionPolicyBuilder()
                .withMetadata(Policies.metadata(Names.POD_POLICY))
                .withNewSpec()
                .withFailurePolicy("Fail")
                .withNewMatchConstraints()
                .addNewResourceRule()
                .withApiGroups("")
                .withApiVersions("v1")
                .withOperations("CREATE", "UPDATE")
                // Kubelets, and schedulers that preempt, write labels and conditions by the status.
                .withResources("pods", "pods/status")
                .endResourceRule()
                .endMatchConstraints()
                .withVariables(variables())
                .withValidations(
                        validation(ownKeys(), OWN_KEYS),
                        validation(marks(), MARKS),
                        validation(profile(), PROFILE),
                        validation(preemption(), PREEMPTION))
                .endSpec()
                .build();
    }

    /// Maps and lists that may be absent are empty here, those of the old object on creation too.
    private static List<Variable> variables() {
        return List.of(
                variable("labels", "has(object.metadata.labels) ? object.metadata.labels : {}"),
                variable("oldLabels", old("metadata.labels", "{}")),
                variable(
                        "annotations",
                        "has(object.metadata.annotations) ? object.metadata.annotations : {}"),
                variable("oldAnnotations", old("metadata.annotations", "{}")),
                variable(
                        "finalizers",
                        "has(object.metadata.finalizers) ? object.metadata.finalizers : []"),
                variable("oldFinalizers", old("metadata.finalizers", "[]")),
                variable("created", "oldObject == null"),
                // Its scheduler is ours: it was admitted, or asks for Fargate by name.
                variable(
                        "scheduledByUs",
                        "has(object.spec.schedulerName) && object.spec.schedulerName == '%s'"
                                .formatted(Names.SCHEDULER_NAME)),
                // It runs on a machine of ours, whichever scheduler it had.
                variable(
                        "onFargate",
                        "has(object.spec.nodeName) && object.spec.nodeName.startsWith('%s')"
                                .formatted(Names.NODE_PREFIX)),
                // What an agent may write on which pods is AgentPolicy's.
                variable(
                        "bySystem",
                        "'%s' in request.userInfo.groups || ".formatted(Names.AGENTS)
                                + Policies.BY_THE_SYSTEM));
    }

    private static String old(String field, String absent) {
        return "oldObject == null || !has(oldObject.%s) ? %s : oldObject.%s"
                .formatted(field, absent, field);
    }

    /// Every key of ours is as it was: none is new, other or gone. The label that the webhook gives
    /// to pods that wait for a load balancer is let through on creation; it moves no packet.
    private static String ownKeys() {
        var own = "k.startsWith('%s')".formatted(Names.OWN_PREFIX);
        var kept =
                "variables.%s.all(k, !%s%s || k in variables.%s && variables.%s[k] == variables.%s[k])";
        var byWebhook =
                " || variables.created && variables.scheduledByUs && k == '%s'"
                        .formatted(Names.TARGET_HEALTH_LABEL);
        var byUser = " || k == '%s'".formatted(Names.ADOPT_ANNOTATION);
        return String.join(
                        " && ",
                        kept.formatted(
                                "labels", own, byWebhook, "oldLabels", "oldLabels", "labels"),
                        "variables.oldLabels.all(k, !%s || k in variables.labels)".formatted(own),
                        kept.formatted(
                                "annotations",
                                own,
                                byUser,
                                "oldAnnotations",
                                "oldAnnotations",
                                "annotations"),
                        "variables.oldAnnotations.all(k, !%s%s || k in variables.annotations)"
                                .formatted(own, byUser),
                        "variables.finalizers.filter(k, %s) == variables.oldFinalizers.filter(k, %s)"
                                .formatted(own, own))
                + " || variables.bySystem";
    }

    /// What tells users of a machine stands on pods of Fargate only, and stays as the system wrote
    /// it. `Logging` is too plain a name to be refused on pods of others.
    private static String marks() {
        return ("(variables.scheduledByUs || variables.onFargate ? ['%s', '%s', '%s'] : ['%s', '%s'])"
                                .formatted(
                                        Names.CAPACITY_ANNOTATION,
                                        Names.SECURITY_GROUPS_ANNOTATION,
                                        Names.LOGGING_ANNOTATION,
                                        Names.CAPACITY_ANNOTATION,
                                        Names.SECURITY_GROUPS_ANNOTATION)
                        + ".all(k, variables.created && variables.scheduledByUs"
                        + " || (k in variables.annotations) == (k in variables.oldAnnotations)"
                        + " && (!(k in variables.annotations)"
                        + " || variables.annotations[k] == variables.oldAnnotations[k]))")
                + " || variables.bySystem";
    }

    /// Of a pod that Fargate has, by its scheduler, its node, or the mark of one that was taken
    /// over. A pod of another scheduler may yet get the label that picks one of several profiles.
    private static String profile() {
        return ("variables.created || !(variables.scheduledByUs || variables.onFargate"
                                + " || '%1$s' in variables.oldAnnotations)"
                                + " || ('%2$s' in variables.labels) == ('%2$s' in variables.oldLabels)"
                                + " && (!('%2$s' in variables.labels)"
                                + " || variables.labels['%2$s'] == variables.oldLabels['%2$s'])")
                        .formatted(Names.CAPACITY_ANNOTATION, Names.PROFILE_LABEL)
                + " || variables.bySystem";
    }

    /// A scheduler says on the victim that it preempts it, and deletes it only if that was written.
    /// A pod that was taken over has no priority of ours, and no priority guards a node that nobody
    /// else may be bound to anyway.
    private static String preemption() {
        var told =
                "has(%1$s.status.conditions) && %1$s.status.conditions.exists(c, c.type =="
                        + " 'DisruptionTarget' && has(c.reason) && c.reason == 'PreemptionByScheduler')";
        return "variables.created || !variables.onFargate || !("
                + told.formatted("object")
                + ") || ("
                + told.formatted("oldObject")
                + ")";
    }

    private static Variable variable(String name, String expression) {
        return new Variable(expression, name);
    }

    private static Validation validation(String expression, String message) {
        return new ValidationBuilder()
                .withExpression(expression)
                .withMessage(message)
                .withReason("Forbidden")
                .build();
    }
}
