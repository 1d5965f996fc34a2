package dev.monopod.controller.admission;

import dev.monopod.model.names.Names;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingAdmissionPolicy;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingAdmissionPolicyBinding;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingAdmissionPolicyBindingBuilder;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingAdmissionPolicyBuilder;
import java.util.List;

/// Keeps every other scheduler from binding a pod to a Fargate node, row F9. The taint alone does
/// not: a pod of a DaemonSet may tolerate everything, and the node of a Completed pod has room. The
/// API server judges by itself, so this works without the controller too.
public final class BindingPolicy {
    static final String MESSAGE =
            "a Fargate node is for the one pod that the fargate-scheduler made it for";

    private BindingPolicy() {}

    /// What is to be applied, in this order.
    public static List<HasMetadata> objects() {
        return List.of(policy(), binding());
    }

    private static ValidatingAdmissionPolicy policy() {
        return new ValidatingAdmissionPolicyBuilder()
                .withMetadata(metadata())
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
                // The fargate-scheduler's bindings name the machine.
                .withExpression(
                        "!object.target.name.startsWith('%s') || (has(object.metadata.labels) && '%s' in object.metadata.labels)"
                                .formatted(Names.NODE_PREFIX, Names.MACHINE_LABEL))
                .withMessage(MESSAGE)
                .withReason("Forbidden")
                .endValidation()
                .endSpec()
                .build();
    }

    private static ValidatingAdmissionPolicyBinding binding() {
        return new ValidatingAdmissionPolicyBindingBuilder()
                .withMetadata(metadata())
                .withNewSpec()
                .withPolicyName(Names.BINDING_POLICY)
                .withValidationActions("Deny")
                .endSpec()
                .build();
    }

    private static ObjectMeta metadata() {
        return new ObjectMetaBuilder()
                .withName(Names.BINDING_POLICY)
                .withLabels(Names.LABELS)
                .build();
    }
}
