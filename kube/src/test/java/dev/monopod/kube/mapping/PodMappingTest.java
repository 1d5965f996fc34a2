package dev.monopod.kube.mapping;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.model.size.MemoryOverhead;
import dev.monopod.model.size.Provisioned;
import dev.monopod.model.support.PodShape.ClaimState;
import dev.monopod.model.support.Refusals;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.List;
import org.junit.jupiter.api.Test;

final class PodMappingTest {
    @Test
    void countsSidecarsAndRoundsUnitsUp() {
        assertThat(
                        annotation(
                                """
                                spec:
                                  initContainers:
                                  - {name: mesh, restartPolicy: Always, resources: {requests: {cpu: 0.2, memory: 200M}}}
                                  - {name: init, resources: {requests: {cpu: 100m}}}
                                  containers:
                                  - {name: web, resources: {requests: {cpu: 100m, memory: 1Gi, ephemeral-storage: 100Gi}}}
                                """))
                .isEqualTo("0.5vCPU 2GB, 115GB");
    }

    @Test
    void givesPodsWithoutRequestsTheSmallestSize() {
        assertThat(annotation("spec: {containers: [{name: web}]}"))
                .isEqualTo("0.25vCPU 0.5GB, 20GB");
    }

    @Test
    void prefersRequestsOfThePodAsAWhole() {
        assertThat(
                        annotation(
                                """
                                spec:
                                  resources: {requests: {cpu: "2"}}
                                  containers:
                                  - {name: web, resources: {requests: {cpu: 100m, memory: 8Gi}}}
                                """))
                .isEqualTo("2vCPU 9GB, 20GB");
    }

    @Test
    void survivesNegativeAndAbsurdQuantities() {
        assertThat(
                        PodSizing.provision(
                                pod("""
                                spec:
                                  containers:
                                  - {name: a, resources: {requests: {cpu: -1, memory: 9000000Ei}}}
                                """)
                                        .getSpec(),
                                MemoryOverhead.EKS_256_MIB))
                .isInstanceOf(Provisioned.TooLarge.class);
    }

    @Test
    void findsWhatFargateExcludes() {
        Pod pod =
                pod(
                        """
                        spec:
                          hostPID: true
                          initContainers:
                          - {name: a, securityContext: {privileged: true}}
                          containers:
                          - name: b
                            ports: [{containerPort: 80}, {containerPort: 81, hostIP: 127.0.0.1}]
                            resources: {limits: {nvidia.com/gpu: 1, hugepages-2Mi: 64Mi}}
                          ephemeralContainers:
                          - {name: c, securityContext: {capabilities: {add: [SYS_ADMIN]}}}
                          volumes:
                          - {name: ok, emptyDir: {}}
                          - {name: disk, hostPath: {path: /}}
                          - {name: made, ephemeral: {volumeClaimTemplate: {spec: {}}}}
                          - {name: claim, persistentVolumeClaim: {claimName: files}}
                          - {name: data, image: {reference: data:1}}
                          - {name: share, nfs: {server: files, path: /}}
                          - {name: large, emptyDir: {medium: HugePages-2Mi}}
                          - name: trust
                            projected:
                              sources:
                              - {configMap: {name: a}}
                              - {clusterTrustBundle: {name: b, path: c}}
                        """);

        assertThat(
                        Refusals.check(
                                PodShapes.of(
                                        pod.getSpec(), "web", claim -> new ClaimState.Unbound())))
                .extracting(refusal -> refusal.fieldPath() + " " + refusal.detail())
                .containsExactly(
                        "spec.hostPID HostPID",
                        "spec.initContainers[0].securityContext.privileged Privileged",
                        "spec.ephemeralContainers[0].securityContext.capabilities.add Capabilities"
                                + " added: SYS_ADMIN",
                        "spec.containers[0].ports[1].hostIP ",
                        "spec.volumes[1].hostPath disk is of an unsupported volume Type",
                        "spec.volumes[2].persistentVolumeClaim made not supported because: PVC"
                                + " web-made not bound",
                        "spec.volumes[3].persistentVolumeClaim claim not supported because: PVC files"
                                + " not bound",
                        "spec.volumes[6].emptyDir.medium large is of an unsupported volume Type",
                        "spec.volumes[7].projected.sources[1].clusterTrustBundle trust is of an"
                                + " unsupported volume Type",
                        "spec.containers[0].resources hugepages-2Mi",
                        "spec.containers[0].resources nvidia.com/gpu");
    }

    @Test
    void findsResourceClaims() {
        Pod pod =
                pod(
                        """
                        spec:
                          resourceClaims: [{name: gpu, resourceClaimName: gpu}]
                          containers: [{name: a, resources: {claims: [{name: gpu}]}}]
                        """);

        assertThat(Refusals.check(PodShapes.of(pod.getSpec(), claim -> new ClaimState.Unbound())))
                .extracting(refusal -> refusal.fieldPath() + " " + refusal.detail())
                .containsExactly("spec.resourceClaims ResourceClaims");
    }

    @Test
    void namesTheFieldThatAsksForTooMuch() {
        var nine = "resources: {requests: {cpu: 9}}";
        assertThat(
                        demanding(
                                "{containers: [{name: a, %1$s}, {name: b}, {name: c, %1$s}]}"
                                        .formatted(nine)))
                .containsExactly(
                        "spec.containers[0].resources.requests",
                        "spec.containers[2].resources.requests");
        assertThat(
                        demanding(
                                "{initContainers: [{name: i}, {name: j, resources: {requests: {memory:"
                                        + " 200Gi}}}], containers: [{name: a, %s}]}"
                                                .formatted(nine)))
                .containsExactly("spec.initContainers[1].resources.requests");
        assertThat(
                        demanding(
                                "{resources: {requests: {cpu: 17}}, containers: [{name: a, %s}]}"
                                        .formatted(nine)))
                .containsExactly("spec.resources.requests");
        assertThat(
                        demanding(
                                "{initContainers: [{name: s, restartPolicy: Always, %1$s}], containers:"
                                        .concat(" [{name: a, %1$s}]}")
                                        .formatted(nine)))
                .containsExactly(
                        "spec.initContainers[0].resources.requests",
                        "spec.containers[0].resources.requests");
    }

    private static List<String> demanding(String spec) {
        return PodSizing.demanding(pod("spec: " + spec).getSpec(), MemoryOverhead.EKS_256_MIB);
    }

    @Test
    void findsIdsThatAUserNamespaceDoesNotHave() {
        Pod pod =
                pod(
                        """
                        spec:
                          hostUsers: false
                          securityContext: {runAsUser: 65535, runAsGroup: 65536, fsGroup: 65537, supplementalGroups: [1, 65538]}
                          initContainers:
                          - {name: i, securityContext: {runAsUser: 65539}}
                          containers:
                          - {name: a}
                          - {name: b, securityContext: {runAsGroup: 65540, procMount: Unmasked}}
                          ephemeralContainers:
                          - {name: e, securityContext: {runAsUser: 65541, procMount: Default}}
                        """);

        assertThat(refused(pod))
                .containsExactly(
                        "spec.securityContext.runAsGroup runAsGroup 65536 above 65535",
                        "spec.securityContext.fsGroup fsGroup 65537 above 65535",
                        "spec.securityContext.supplementalGroups[1] supplementalGroups[1] 65538 above"
                                + " 65535",
                        "spec.initContainers[0].securityContext.runAsUser runAsUser 65539 above"
                                + " 65535",
                        "spec.containers[1].securityContext.runAsGroup runAsGroup 65540 above 65535",
                        "spec.ephemeralContainers[0].securityContext.runAsUser runAsUser 65541 above"
                                + " 65535",
                        "spec.containers[1].securityContext.procMount ProcMount");
        pod.getSpec().setHostUsers(true);
        assertThat(refused(pod))
                .containsExactly("spec.containers[1].securityContext.procMount ProcMount");
    }

    private static List<String> refused(Pod pod) {
        var shape = PodShapes.of(pod.getSpec(), claim -> new ClaimState.Unbound());
        return Refusals.check(shape).stream()
                .map(refusal -> refusal.fieldPath() + " " + refusal.detail())
                .toList();
    }

    @Test
    void findsWindowsOptions() {
        Pod pod =
                pod(
                        """
                        spec:
                          hostUsers: true
                          securityContext: {windowsOptions: {}}
                          containers:
                          - {name: a, securityContext: {windowsOptions: {runAsUserName: x}}}
                          - {name: b, securityContext: {}}
                        """);

        assertThat(Refusals.check(PodShapes.of(pod.getSpec(), claim -> new ClaimState.Unbound())))
                .extracting(refusal -> refusal.fieldPath() + " " + refusal.detail())
                .containsExactly(
                        "spec.securityContext.windowsOptions WindowsOptions",
                        "spec.containers[0].securityContext.windowsOptions WindowsOptions");
        pod.getSpec().getSecurityContext().setWindowsOptions(null);
        assertThat(PodShapes.of(pod.getSpec(), claim -> new ClaimState.Unbound()).options())
                .isEmpty();
    }

    private static String annotation(String yaml) {
        return switch (PodSizing.provision(pod(yaml).getSpec(), MemoryOverhead.EKS_256_MIB)) {
            case Provisioned.Fits fits -> fits.size().annotation() + ", " + fits.size().storage();
            case Provisioned.TooLarge tooLarge -> tooLarge.message();
            case Provisioned.TooMuchStorage tooMuch -> tooMuch.message();
        };
    }

    private static Pod pod(String yaml) {
        return Serialization.unmarshal("apiVersion: v1\nkind: Pod\n" + yaml, Pod.class);
    }
}
