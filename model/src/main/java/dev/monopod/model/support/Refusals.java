package dev.monopod.model.support;

import dev.monopod.model.support.PodShape.ClaimState;
import dev.monopod.model.support.PodShape.Container;
import dev.monopod.model.support.PodShape.HostNamespace;
import dev.monopod.model.support.PodShape.Id;
import dev.monopod.model.support.PodShape.Option;
import dev.monopod.model.support.PodShape.Permission;
import dev.monopod.model.support.PodShape.Source;
import dev.monopod.model.support.PodShape.Volume;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/// Finds everything of a pod that Fargate excludes, and says it in EKS' words. Source: the user
/// guide's "Considerations", rows F10, F11 and F13, and EKS' observed messages.
public final class Refusals {
    /// Condition reason of a pod that stays Pending because of refusals.
    public static final String REASON = "POD_UNSUPPORTED_ON_FARGATE";

    private static final String OPENING = "Pod not supported on Fargate: ";
    private static final Set<String> DEFAULT_CAPABILITIES =
            Set.of(
                    "CHOWN",
                    "DAC_OVERRIDE",
                    "FOWNER",
                    "FSETID",
                    "KILL",
                    "SETGID",
                    "SETUID",
                    "SETPCAP",
                    "NET_BIND_SERVICE",
                    "NET_RAW",
                    "SYS_CHROOT",
                    "MKNOD",
                    "AUDIT_WRITE",
                    "SETFCAP");

    /// Beyond those, for `kubectl debug`: the machine is the pod's own, and a debugger is of no use
    /// without it.
    private static final String DEBUGGER_CAPABILITY = "SYS_PTRACE";

    /// The last user and group of a pod with a user namespace of its own, as under a kubelet.
    private static final long LAST_ID = 65_535;

    private Refusals() {}

    /// All refusals in EKS' order; empty if Fargate can run the pod.
    public static List<Refusal> check(PodShape pod) {
        List<Refusal> refusals = new ArrayList<>();
        for (var namespace : HostNamespace.values()) {
            if (pod.hostNamespaces().contains(namespace)) {
                refusals.add(hostNamespace(namespace));
            }
        }
        options(pod, refusals);
        pod.containers().forEach(container -> securityContext(container, refusals));
        pod.containers().forEach(container -> ports(container, refusals));
        pod.volumes().forEach(volume -> volume(volume, refusals));
        pod.containers().forEach(container -> resources(container, refusals));
        return List.copyOf(refusals);
    }

    /// The sentence that EKS writes into its event and condition.
    ///
    /// @throws IllegalArgumentException if there is nothing to refuse
    public static String eksMessage(List<Refusal> refusals) {
        if (refusals.isEmpty()) {
            throw new IllegalArgumentException("a pod without refusals has no message");
        }
        return OPENING
                + Arrays.stream(Clause.values())
                        .flatMap(clause -> clauses(clause, refusals).stream())
                        .collect(Collectors.joining(", "));
    }

    /// EKS' sentence, then each field with its remedy.
    public static String explanation(List<Refusal> refusals) {
        return refusals.stream()
                .map(refusal -> refusal.fieldPath() + ": " + refusal.remedy())
                .distinct()
                .collect(Collectors.joining("; ", eksMessage(refusals) + ". Remedy: ", "."));
    }

    private static List<String> clauses(Clause clause, List<Refusal> refusals) {
        var own = refusals.stream().filter(each -> each.clause() == clause).toList();
        if (own.isEmpty()) {
            return List.of();
        }
        return switch (clause) {
            case FIELDS, VOLUMES, RESOURCES -> List.of(sentence(clause, own));
            case PORT -> List.of(clause.introduction());
            case SECURITY_CONTEXT ->
                    own.stream().map(Refusals::containerOf).distinct().toList().stream()
                            .map(container ->
                                    sentence(
                                            clause,
                                            own.stream()
                                                    .filter(each ->
                                                            containerOf(each).equals(container))
                                                    .toList()))
                            .toList();
        };
    }

    private static String sentence(Clause clause, List<Refusal> refusals) {
        return refusals.stream()
                .map(Refusal::detail)
                .distinct()
                .collect(Collectors.joining(clause.separator(), clause.introduction(), ""));
    }

    private static String containerOf(Refusal refusal) {
        return refusal.fieldPath().substring(0, refusal.fieldPath().indexOf(']') + 1);
    }

    private static Refusal hostNamespace(HostNamespace namespace) {
        return new Refusal(
                Clause.FIELDS,
                "spec." + namespace.field(),
                namespace.word(),
                "remove it or set it to false, " + namespace.reason());
    }

    /// Words of Monopod's own: EKS has none for them.
    private static void options(PodShape pod, List<Refusal> refusals) {
        if (pod.options().contains(Option.RESOURCE_CLAIMS)) {
            refusals.add(
                    new Refusal(
                            Clause.FIELDS,
                            "spec.resourceClaims",
                            "ResourceClaims",
                            "remove it and resources.claims of the containers, machines have no"
                                    + " devices that a claim could be given"));
        }
        if (pod.options().contains(Option.WINDOWS_OPTIONS)) {
            refusals.add(windowsOptions("spec.securityContext."));
        }
        if (pod.options().contains(Option.OWN_USER_NAMESPACE)) {
            pod.ids().stream()
                    .filter(id -> id.value() > LAST_ID)
                    .map(Refusals::unmapped)
                    .forEach(refusals::add);
        }
    }

    private static Refusal unmapped(Id id) {
        var field = id.fieldPath().substring(id.fieldPath().lastIndexOf('.') + 1);
        return new Refusal(
                Clause.SECURITY_CONTEXT,
                id.fieldPath(),
                field + " " + id.value() + " above " + LAST_ID,
                "with hostUsers: false ids end at "
                        + LAST_ID
                        + ", so name another than "
                        + id.value()
                        + " or remove hostUsers");
    }

    private static Refusal windowsOptions(String path) {
        return new Refusal(
                Clause.SECURITY_CONTEXT,
                path + "windowsOptions",
                "WindowsOptions",
                "remove it, machines run Linux");
    }

    private static void securityContext(Container container, List<Refusal> refusals) {
        var path = container.fieldPath() + ".securityContext.";
        if (container.permissions().contains(Permission.PRIVILEGED)) {
            refusals.add(
                    new Refusal(
                            Clause.SECURITY_CONTEXT,
                            path + "privileged",
                            "Privileged",
                            "remove it or set it to false"));
        }
        if (container.permissions().contains(Permission.ALLOW_PRIVILEGE_ESCALATION)) {
            refusals.add(
                    new Refusal(
                            Clause.SECURITY_CONTEXT,
                            path + "allowPrivilegeEscalation",
                            "AllowPrivilegeEscalation",
                            "remove it or set it to false"));
        }
        if (container.permissions().contains(Permission.UNMASKED_PROC)) {
            refusals.add(
                    new Refusal(
                            Clause.SECURITY_CONTEXT,
                            path + "procMount",
                            "ProcMount",
                            "remove it or set it to Default, the settings of the machine's kernel"
                                    + " would be open to user 0"));
        }
        if (container.permissions().contains(Permission.WINDOWS_OPTIONS)) {
            refusals.add(windowsOptions(path));
        }
        var excess =
                container.addedCapabilities().stream()
                        .filter(name -> !allowed(container, plain(name)))
                        .toList();
        if (!excess.isEmpty()) {
            refusals.add(
                    new Refusal(
                            Clause.SECURITY_CONTEXT,
                            path + "capabilities.add",
                            "Capabilities added: " + String.join(",", excess),
                            "remove " + String.join(", ", excess)));
        }
    }

    private static boolean allowed(Container container, String capability) {
        return DEFAULT_CAPABILITIES.contains(capability)
                || (container.ephemeral() && capability.equals(DEBUGGER_CAPABILITY));
    }

    private static String plain(String capability) {
        var upper = capability.toUpperCase(Locale.ROOT);
        return upper.startsWith("CAP_") ? upper.substring("CAP_".length()) : upper;
    }

    private static void ports(Container container, List<Refusal> refusals) {
        for (var port : container.ports()) {
            refusals.add(
                    new Refusal(
                            Clause.PORT,
                            container.fieldPath() + ".ports[" + port.index() + "]." + port.field(),
                            "",
                            "remove it, the pod's own address serves its containerPort"));
        }
    }

    private static void volume(Volume volume, List<Refusal> refusals) {
        var path = "spec.volumes[" + volume.index() + "]";
        switch (volume.source()) {
            case Source.Supported() -> {}
            case Source.Unsupported(String type) ->
                    refusals.add(
                            unsupported(
                                    volume,
                                    path + "." + type,
                                    "use emptyDir, configMap, secret, projected, downwardAPI, image,"
                                            + " nfs, or a claim bound to a static EFS or NFS volume"));
            case Source.HugePages(String medium) ->
                    refusals.add(
                            unsupported(
                                    volume,
                                    path + ".emptyDir.medium",
                                    "machines have no huge pages, so not "
                                            + medium
                                            + " but Memory or none"));
            case Source.UnsupportedProjection(int index, String type) ->
                    refusals.add(
                            unsupported(
                                    volume,
                                    path + ".projected.sources[" + index + "]." + type,
                                    "project configMap, secret, downwardAPI or serviceAccountToken"));
            case Source.Claim(String claim, ClaimState state) ->
                    claim(volume.name(), path + ".persistentVolumeClaim", claim, state, refusals);
        }
    }

    private static Refusal unsupported(Volume volume, String path, String remedy) {
        return new Refusal(
                Clause.VOLUMES, path, volume.name() + " is of an unsupported volume Type", remedy);
    }

    private static void claim(
            String name, String path, String claim, ClaimState state, List<Refusal> refusals) {
        var remedy = "bind the claim to a static EFS or NFS volume";
        var because = name + " not supported because: ";
        switch (state) {
            case ClaimState.Unknown(), ClaimState.Mountable() -> {}
            case ClaimState.Missing() ->
                    refusals.add(
                            new Refusal(
                                    Clause.VOLUMES,
                                    path,
                                    because + "persistentvolumeclaim \"" + claim + "\" not found",
                                    "create the claim"));
            case ClaimState.Unbound() ->
                    refusals.add(
                            new Refusal(
                                    Clause.VOLUMES,
                                    path,
                                    because + "PVC " + claim + " not bound",
                                    remedy));
            case ClaimState.ForeignDriver(String volume, String driver) ->
                    refusals.add(
                            new Refusal(
                                    Clause.VOLUMES,
                                    path,
                                    because
                                            + "PVC "
                                            + claim
                                            + " bound to invalid PV "
                                            + volume
                                            + " with CSI Driver: "
                                            + driver,
                                    remedy));
            case ClaimState.ForeignType(String volume, String type) ->
                    refusals.add(
                            new Refusal(
                                    Clause.VOLUMES,
                                    path,
                                    because
                                            + "PVC "
                                            + claim
                                            + " bound to invalid PV "
                                            + volume
                                            + " of type "
                                            + type,
                                    remedy));
        }
    }

    private static void resources(Container container, List<Refusal> refusals) {
        for (var resource : container.extendedResources()) {
            refusals.add(
                    new Refusal(
                            Clause.RESOURCES,
                            container.fieldPath() + ".resources",
                            resource,
                            "remove " + resource + ", machines have CPU, memory and disk only"));
        }
    }
}
