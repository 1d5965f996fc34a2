package dev.monopod.model.support;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.model.support.PodShape.ClaimState;
import dev.monopod.model.support.PodShape.Container;
import dev.monopod.model.support.PodShape.HostNamespace;
import dev.monopod.model.support.PodShape.HostPort;
import dev.monopod.model.support.PodShape.Permission;
import dev.monopod.model.support.PodShape.Source;
import dev.monopod.model.support.PodShape.Volume;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// Contract, "Names that users and tools see", rows F10, F11 and F13.
final class RefusalsTest {
    @Test
    void writesEksSentenceInEksOrder() {
        PodShape pod =
                new PodShape(
                        Set.of(HostNamespace.IPC, HostNamespace.NETWORK, HostNamespace.PID),
                        List.of(
                                container(0, Set.of(Permission.PRIVILEGED), List.of(), 80),
                                container(1, Set.of(Permission.PRIVILEGED), List.of(), 81)),
                        List.of(
                                volume(0, "tmp", new Source.Supported()),
                                volume(1, "proc", new Source.Unsupported("hostPath")),
                                volume(2, "sys", new Source.Unsupported("hostPath")),
                                volume(3, "data", claim(new ClaimState.Unbound()))));

        assertThat(Refusals.eksMessage(Refusals.check(pod)))
                .isEqualTo(
                        "Pod not supported on Fargate: fields not supported: HostNetwork, HostPID,"
                                + " HostIPC, invalid SecurityContext fields: Privileged, invalid"
                                + " SecurityContext fields: Privileged, port contains HostIP or HostPort,"
                                + " volumes not supported: proc is of an unsupported volume Type, sys is"
                                + " of an unsupported volume Type, data not supported because: PVC files"
                                + " not bound");
    }

    @Test
    void joinsSecurityContextItemsOfAContainerWithoutSpace() {
        PodShape pod =
                containers(
                        container(
                                0,
                                Set.of(Permission.ALLOW_PRIVILEGE_ESCALATION),
                                List.of("SYS_PTRACE", "NET_RAW", "cap_chown", "NET_ADMIN")));

        assertThat(Refusals.eksMessage(Refusals.check(pod)))
                .isEqualTo(
                        "Pod not supported on Fargate: invalid SecurityContext fields:"
                                + " AllowPrivilegeEscalation,Capabilities added:"
                                + " SYS_PTRACE,NET_ADMIN");
    }

    @Test
    void namesResourceClaims() {
        PodShape pod =
                new PodShape(
                        Set.of(),
                        Set.of(PodShape.Option.RESOURCE_CLAIMS),
                        List.of(),
                        List.of(),
                        List.of());

        assertThat(Refusals.explanation(Refusals.check(pod)))
                .startsWith(
                        "Pod not supported on Fargate: fields not supported: ResourceClaims. Remedy:"
                                + " spec.resourceClaims: remove it and resources.claims of the"
                                + " containers");
    }

    @Test
    void refusesIdsThatAUserNamespaceDoesNotHave() {
        var ids =
                List.of(
                        new PodShape.Id("spec.securityContext.runAsUser", 65_535),
                        new PodShape.Id("spec.securityContext.fsGroup", 65_536),
                        new PodShape.Id("spec.containers[0].securityContext.runAsUser", 70_000));
        var none = List.<Container>of();
        var mapped = Set.of(PodShape.Option.OWN_USER_NAMESPACE);

        assertThat(
                        Refusals.explanation(
                                Refusals.check(
                                        new PodShape(Set.of(), mapped, ids, none, List.of()))))
                .isEqualTo(
                        "Pod not supported on Fargate: invalid SecurityContext fields: fsGroup 65536"
                                + " above 65535, invalid SecurityContext fields: runAsUser 70000 above"
                                + " 65535. Remedy: spec.securityContext.fsGroup: with hostUsers: false"
                                + " ids end at 65535, so name another than 65536 or remove hostUsers;"
                                + " spec.containers[0].securityContext.runAsUser: with hostUsers: false"
                                + " ids end at 65535, so name another than 70000 or remove"
                                + " hostUsers.");
        assertThat(Refusals.check(new PodShape(Set.of(), Set.of(), ids, none, List.of())))
                .isEmpty();
    }

    @Test
    void namesUnmaskedProc() {
        var pod = containers(container(0, Set.of(Permission.UNMASKED_PROC), List.of()));

        assertThat(Refusals.explanation(Refusals.check(pod)))
                .startsWith(
                        "Pod not supported on Fargate: invalid SecurityContext fields: ProcMount."
                                + " Remedy: spec.containers[0].securityContext.procMount: remove it or"
                                + " set it to Default");
    }

    @Test
    void namesWindows() {
        PodShape pod =
                new PodShape(
                        Set.of(HostNamespace.PID),
                        Set.of(PodShape.Option.WINDOWS_OPTIONS),
                        List.of(),
                        List.of(container(0, Set.of(Permission.WINDOWS_OPTIONS), List.of())),
                        List.of());

        assertThat(Refusals.eksMessage(Refusals.check(pod)))
                .isEqualTo(
                        "Pod not supported on Fargate: fields not supported: HostPID,"
                                + " invalid SecurityContext fields: WindowsOptions, invalid"
                                + " SecurityContext fields: WindowsOptions");
        assertThat(Refusals.check(pod))
                .extracting(Refusal::fieldPath)
                .containsExactly(
                        "spec.hostPID",
                        "spec.securityContext.windowsOptions",
                        "spec.containers[0].securityContext.windowsOptions");
    }

    @Test
    void addsFieldPathsAndRemedies() {
        PodShape pod = new PodShape(Set.of(HostNamespace.NETWORK), List.of(), List.of());

        assertThat(Refusals.explanation(Refusals.check(pod)))
                .isEqualTo(
                        "Pod not supported on Fargate: fields not supported: HostNetwork. Remedy:"
                                + " spec.hostNetwork: remove it or set it to false, the pod has a network"
                                + " interface of its own.");
    }

    @Test
    void namesVolumesAndDriversOfClaims() {
        PodShape pod =
                new PodShape(
                        Set.of(),
                        List.of(),
                        List.of(
                                volume(0, "a", claim(new ClaimState.Mountable())),
                                volume(1, "b", claim(new ClaimState.Unknown())),
                                volume(2, "c", claim(new ClaimState.Missing())),
                                volume(
                                        3,
                                        "d",
                                        claim(
                                                new ClaimState.ForeignDriver(
                                                        "pv-1", "ebs.csi.aws.com")))));

        assertThat(Refusals.eksMessage(Refusals.check(pod)))
                .isEqualTo(
                        "Pod not supported on Fargate: volumes not supported: c not supported because:"
                                + " persistentvolumeclaim \"files\" not found, d not supported because: PVC"
                                + " files bound to invalid PV pv-1 with CSI Driver: ebs.csi.aws.com");
    }

    @Test
    void refusesGpus() {
        PodShape pod =
                containers(
                        new Container(
                                "spec.containers[0]",
                                Set.of(),
                                List.of(),
                                List.of(),
                                List.of("nvidia.com/gpu")));

        assertThat(Refusals.eksMessage(Refusals.check(pod)))
                .isEqualTo("Pod not supported on Fargate: resources not supported: nvidia.com/gpu");
    }

    @Test
    void aDebuggerMayTrace() {
        var debugger =
                new Container(
                        "spec.ephemeralContainers[0]",
                        Set.of(),
                        List.of("SYS_PTRACE", "SYS_ADMIN"),
                        List.of(),
                        List.of());
        assertThat(Refusals.eksMessage(Refusals.check(containers(debugger))))
                .endsWith("Capabilities added: SYS_ADMIN");
        var ordinary = container(0, Set.of(), List.of("SYS_PTRACE"));
        assertThat(Refusals.check(containers(ordinary))).hasSize(1);
    }

    @Test
    void findsNothingInAPlainPod() {
        assertThat(Refusals.check(containers(container(0, Set.of(), List.of("CHOWN"))))).isEmpty();
    }

    private static PodShape containers(Container... containers) {
        return new PodShape(Set.of(), List.of(containers), List.of());
    }

    private static Container container(
            int index, Set<Permission> permissions, List<String> capabilities, int... hostPorts) {
        return new Container(
                "spec.containers[" + index + "]",
                permissions,
                capabilities,
                hostPorts.length == 0 ? List.of() : List.of(new HostPort(0, "hostPort")),
                List.of());
    }

    private static Volume volume(int index, String name, Source source) {
        return new Volume(index, name, source);
    }

    private static Source claim(ClaimState state) {
        return new Source.Claim("files", state);
    }
}
