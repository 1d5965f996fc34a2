package dev.monopod.agent.pod.worker;

import dev.monopod.agent.pod.life.PodInput;
import dev.monopod.agent.pod.spec.PodPlan;
import dev.monopod.agent.pod.spec.Sysctls;
import dev.monopod.agent.pod.spec.Unsupported;
import dev.monopod.model.support.Refusals;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodSecurityContext;
import io.fabric8.kubernetes.api.model.SecurityContext;
import java.time.Duration;
import java.util.Optional;
import java.util.stream.Stream;

/// What a kubelet looks at before it starts anything of a pod that is bound to its Node. A pod that
/// it rejects is Failed for good. What Fargate excludes is refused by admission and by the
/// scheduler already; the host trusts neither.
final class PodAdmission {
    private PodAdmission() {}

    /// Why a pod is rejected, in a kubelet's words; `reason` is that of the pod and of the event.
    record Rejection(String reason, String message) {
        PodInput.Fail input() {
            return new PodInput.Fail(reason, "Pod was rejected: " + message, Duration.ZERO);
        }
    }

    static Optional<Rejection> judge(Pod pod) {
        var unsupported = Unsupported.of(pod);
        if (unsupported.isPresent()) {
            return Optional.of(new Rejection(Refusals.REASON, unsupported.get()));
        }
        var sysctl = Sysctls.forbidden(pod);
        if (sysctl.isPresent()) {
            return Optional.of(
                    new Rejection(
                            "SysctlForbidden",
                            "forbidden sysctl: \"" + sysctl.get() + "\" not allowlisted"));
        }
        if (wantsAppArmor(pod)) {
            return Optional.of(
                    new Rejection(
                            "AppArmor",
                            "Cannot enforce AppArmor: AppArmor is not enabled on the host"));
        }
        return Optional.empty();
    }

    /// Machines have no AppArmor, as Fargate's hosts have none.
    private static boolean wantsAppArmor(Pod pod) {
        var ofContainers =
                PodPlan.of(pod).containers().stream()
                        .map(container ->
                                Optional.ofNullable(container.spec().getSecurityContext())
                                        .map(SecurityContext::getAppArmorProfile));
        var ofPod =
                Stream.of(
                        Optional.ofNullable(pod.getSpec().getSecurityContext())
                                .map(PodSecurityContext::getAppArmorProfile));
        return Stream.concat(ofPod, ofContainers)
                .flatMap(Optional::stream)
                .anyMatch(profile -> !"Unconfined".equals(profile.getType()));
    }
}
