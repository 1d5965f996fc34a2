package dev.monopod.agent.pod.life;

import dev.monopod.agent.pod.spec.ContainerPlan;
import dev.monopod.agent.pod.spec.PodPlan;
import io.fabric8.kubernetes.api.model.ContainerRestartRule;
import java.util.List;
import java.util.Optional;

/// Whether a container is started again after it ended: first its own rules by exit code, then its
/// own policy, then the pod's (KEP-5307, KEP-5532). Pure.
public final class RestartDecision {
    private static final String RESTART = "Restart";
    private static final String RESTART_ALL = "RestartAllContainers";

    private RestartDecision() {}

    /// Whether the end demands that every container of the pod begins anew.
    static boolean all(ContainerPlan plan, int exitCode) {
        return matching(plan, exitCode).filter(RESTART_ALL::equals).isPresent();
    }

    /// For ordinary and init containers; an init container that succeeded is done whatever this
    /// says.
    static boolean again(ContainerPlan plan, PodPlan.RestartPolicy ofPod, int exitCode) {
        if (plan.spec().getRestartPolicy() != null
                && matching(plan, exitCode).filter(RESTART::equals).isPresent()) {
            return true;
        }
        return switch (policy(plan, ofPod)) {
            case ALWAYS -> true;
            case ON_FAILURE -> exitCode != 0;
            case NEVER -> false;
        };
    }

    /// What a kubelet says when it ends a running container for that cause. The rules count for
    /// nothing, since there is no exit code yet.
    public static String killing(ContainerPlan plan, PodPlan.RestartPolicy ofPod, String cause) {
        return switch (plan.kind()) {
            case INIT, SIDECAR -> "Init container %s %s".formatted(plan.name(), cause);
            case MAIN, EPHEMERAL ->
                    "Container %s %s%s"
                            .formatted(
                                    plan.name(),
                                    cause,
                                    policy(plan, ofPod) == PodPlan.RestartPolicy.NEVER
                                            ? ""
                                            : ", will be restarted");
        };
    }

    /// Whether any container of the pod has a rule that restarts all.
    public static boolean mayRestartAll(List<ContainerPlan> containers) {
        return containers.stream()
                .flatMap(plan -> plan.spec().getRestartPolicyRules().stream())
                .anyMatch(rule -> RESTART_ALL.equals(rule.getAction()));
    }

    private static PodPlan.RestartPolicy policy(ContainerPlan plan, PodPlan.RestartPolicy ofPod) {
        var own = plan.spec().getRestartPolicy();
        return own == null ? ofPod : PodPlan.RestartPolicy.of(own);
    }

    /// The action of the first rule that matches.
    private static Optional<String> matching(ContainerPlan plan, int exitCode) {
        return plan.spec().getRestartPolicyRules().stream()
                .filter(rule -> matches(rule, exitCode))
                .map(ContainerRestartRule::getAction)
                .findFirst();
    }

    private static boolean matches(ContainerRestartRule rule, int exitCode) {
        var codes = rule.getExitCodes();
        if (codes == null || codes.getOperator() == null) {
            return false;
        }
        return switch (codes.getOperator()) {
            case "In" -> codes.getValues().contains(exitCode);
            case "NotIn" -> !codes.getValues().contains(exitCode);
            default -> false;
        };
    }
}
