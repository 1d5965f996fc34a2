package dev.monopod.agent.pod.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.agent.pod.spec.Sysctls;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class PodAdmissionTest {
    private static Pod pod(String ofPod, String ofContainer) {
        return Serialization.unmarshal(
                """
                metadata: {name: web, namespace: shop, uid: u1}
                spec:
                  securityContext: {%s}
                  containers: [{name: app, image: x, securityContext: {%s}}]
                """
                        .formatted(ofPod, ofContainer),
                Pod.class);
    }

    private static Optional<String> reason(String ofPod, String ofContainer) {
        return PodAdmission.judge(pod(ofPod, ofContainer)).map(PodAdmission.Rejection::reason);
    }

    @Test
    void letsSafeSysctlsPass() {
        assertThat(
                        reason(
                                "sysctls: [{name: kernel.shm_rmid_forced, value: '1'}, {name:"
                                        + " net/ipv4/tcp_rmem, value: '4096 87380 6291456'}]",
                                ""))
                .isEmpty();
    }

    @Test
    void rejectsUnsafeSysctlsInTheKubeletsWords() {
        Optional<PodAdmission.Rejection> rejection =
                PodAdmission.judge(pod("sysctls: [{name: kernel.msgmax, value: '1'}]", ""));
        assertThat(rejection)
                .contains(
                        new PodAdmission.Rejection(
                                "SysctlForbidden",
                                "forbidden sysctl: \"kernel.msgmax\" not allowlisted"));
        assertThat(rejection.orElseThrow().input().message())
                .isEqualTo("Pod was rejected: forbidden sysctl: \"kernel.msgmax\" not allowlisted");
    }

    @Test
    void rejectsAppArmorButNotItsAbsence() {
        assertThat(reason("appArmorProfile: {type: RuntimeDefault}", "")).contains("AppArmor");
        assertThat(reason("", "appArmorProfile: {type: Localhost, localhostProfile: x}"))
                .contains("AppArmor");
        assertThat(reason("appArmorProfile: {type: Unconfined}", "")).isEmpty();
    }

    /// The list of admission and scheduler, once more: whoever bound the pod, and past whichever
    /// webhook it came.
    @Test
    void rejectsWhatFargateExcludesInEksWords() {
        assertThat(PodAdmission.judge(pod("", "privileged: true")))
                .contains(
                        new PodAdmission.Rejection(
                                "POD_UNSUPPORTED_ON_FARGATE",
                                "Pod not supported on Fargate: invalid SecurityContext fields:"
                                        + " Privileged"));
        assertThat(reason("", "capabilities: {add: [SYS_ADMIN]}")).isPresent();
        var shape = pod("", "");
        shape.getSpec().setHostNetwork(true);
        assertThat(PodAdmission.judge(shape)).isPresent();
        shape = pod("", "");
        shape.getSpec()
                .setVolumes(
                        Serialization.unmarshal(
                                        "spec: {volumes: [{name: host, hostPath: {path: /}}]}",
                                        Pod.class)
                                .getSpec()
                                .getVolumes());
        assertThat(PodAdmission.judge(shape)).isPresent();
    }

    /// Claims were judged when the pod was placed, and this host does not know of all.
    @Test
    void leavesClaimsToTheScheduler() {
        var claiming = pod("", "");
        claiming.getSpec()
                .setVolumes(
                        Serialization.unmarshal(
                                        "spec: {volumes: [{name: v, persistentVolumeClaim: {claimName: c}}]}",
                                        Pod.class)
                                .getSpec()
                                .getVolumes());
        assertThat(PodAdmission.judge(claiming)).isEmpty();
    }

    @Test
    void ignoresSelinux() {
        assertThat(reason("seLinuxOptions: {level: 's0:c1,c2'}", "")).isEmpty();
    }

    @Test
    void lowPortsAndPingsAreEverybodysUnlessThePodSaysOtherwise() {
        assertThat(Sysctls.of(pod("", "")))
                .containsEntry("net.ipv4.ip_unprivileged_port_start", "0")
                .containsEntry("net.ipv4.ping_group_range", "0 2147483647");
        assertThat(
                        Sysctls.of(
                                pod(
                                        "sysctls: [{name: net/ipv4/ip_unprivileged_port_start, value: '1024'}]",
                                        "")))
                .containsEntry("net.ipv4.ip_unprivileged_port_start", "1024")
                .hasSize(2);
    }
}
