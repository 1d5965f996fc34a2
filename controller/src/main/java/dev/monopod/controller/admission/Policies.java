package dev.monopod.controller.admission;

import dev.monopod.model.names.Names;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingAdmissionPolicyBindingBuilder;
import java.util.List;
import java.util.stream.Stream;

/// The cluster's ValidatingAdmissionPolicies of ours. The API server judges by itself, so they hold
/// while the controller is away, and cannot fail open.
final class Policies {
    /// Who may make Machines is Monopod itself, under whatever name it was installed, or the
    /// cluster's administrator. No role that aggregates to `admin`, `edit` or `view` has that
    /// right.
    static final String BY_THE_SYSTEM =
            "authorizer.group('monopod.dev').resource('machines').check('create').allowed()";

    private Policies() {}

    /// What is to be applied, in this order.
    static List<HasMetadata> objects() {
        return Stream.of(BindingPolicy.policy(), PodPolicy.policy(), AgentPolicy.policy())
                .<HasMetadata>mapMulti((policy, all) -> {
                    all.accept(policy);
                    all.accept(binding(policy.getMetadata().getName()));
                })
                .toList();
    }

    private static HasMetadata binding(String policy) {
        return new ValidatingAdmissionPolicyBindingBuilder()
                .withMetadata(metadata(policy))
                .withNewSpec()
                .withPolicyName(policy)
                .withValidationActions("Deny")
                .endSpec()
                .build();
    }

    static ObjectMeta metadata(String name) {
        return new ObjectMetaBuilder().withName(name).withLabels(Names.LABELS).build();
    }
}
