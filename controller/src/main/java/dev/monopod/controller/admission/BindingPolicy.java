package dev.monopod.controller.admission;

import dev.monopod.model.names.Names;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingAdmissionPolicy;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingAdmissionPolicyBuilder;

/// Keeps every other scheduler from binding a pod to a Fargate node, row F9. The taint alone does
/// not: a pod of a DaemonSet may tolerate everything, and the node of a Completed pod has room. The
/// API server judges by itself, so this works without the controller too.
final class BindingPolicy {
    static final String MESSAGE =
            "a Fargate node is for the one pod that the fargate-scheduler made it for";

    private BindingPolicy() {}

    static ValidatingAdmissionPolicy policy() {
        return new ValidatingAdmissionPolicyBuilder()
                .withMetadata(Policies.metadata(Names.BINDING_POLICY))
                .withNewSpec()
                .withFailurePolicy("Fail")
                .withNewMatchConstraints()
                .addNewResourceRule()
                .withApiGroups("")
                .withApiVersions("v1")
                .withOperations("CREATE")
                .withResources("pods/binding", "bindings")
                .endResourceRule()
                .endMatchConstraints()
                .addNewValidation()
                // The fargate-scheduler's bindings name the machine, which only the system may.
                .withExpression(
                        "!object.target.name.startsWith('%s') || (has(object.metadata.labels) && '%s' in object.metadata.labels && %s)"
                                .formatted(
                                        Names.NODE_PREFIX,
                                        Names.MACHINE_LABEL,
                                        Policies.BY_THE_SYSTEM))
                .withMessage(MESSAGE)
                .withReason("Forbidden")
                .endValidation()
                .endSpec()
                .build();
    }
}
