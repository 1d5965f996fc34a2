package dev.monopod.agent.pod.spec;

import dev.monopod.protocol.guest.SeccompProfile;
import dev.monopod.protocol.guest.Security;
import dev.monopod.protocol.guest.User;
import io.fabric8.kubernetes.api.model.Capabilities;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodSecurityContext;
import io.fabric8.kubernetes.api.model.SecurityContext;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/// User, groups, capabilities and privileges of a container, the container's own settings over the
/// pod's.
public final class SecuritySettings {
    /// What Fargate allows a container (CONTRACT, "Allowed default capabilities").
    private static final List<String> DEFAULT_CAPABILITIES =
            List.of(
                    "CAP_CHOWN",
                    "CAP_DAC_OVERRIDE",
                    "CAP_FOWNER",
                    "CAP_FSETID",
                    "CAP_KILL",
                    "CAP_SETGID",
                    "CAP_SETUID",
                    "CAP_SETPCAP",
                    "CAP_NET_BIND_SERVICE",
                    "CAP_NET_RAW",
                    "CAP_SYS_CHROOT",
                    "CAP_MKNOD",
                    "CAP_AUDIT_WRITE",
                    "CAP_SETFCAP");

    private static final String ALL = "CAP_ALL";

    private SecuritySettings() {}

    public static User user(Pod pod, Container container, String imageUser) {
        var ofPod = Optional.ofNullable(pod.getSpec().getSecurityContext());
        var user = User.newBuilder().setName(imageUser);
        pick(pod, container, SecurityContext::getRunAsUser, PodSecurityContext::getRunAsUser)
                .ifPresent(user::setUid);
        pick(pod, container, SecurityContext::getRunAsGroup, PodSecurityContext::getRunAsGroup)
                .ifPresent(user::setGid);
        Set<Long> groups = new LinkedHashSet<>();
        ofPod.map(PodSecurityContext::getSupplementalGroups).ifPresent(groups::addAll);
        ofPod.map(PodSecurityContext::getFsGroup).ifPresent(groups::add);
        return user.addAllSupplementalGroups(groups)
                .setMustRunAsNonRoot(
                        pick(
                                        pod,
                                        container,
                                        SecurityContext::getRunAsNonRoot,
                                        PodSecurityContext::getRunAsNonRoot)
                                .orElse(false))
                .setOnlyListedGroups(
                        ofPod.map(PodSecurityContext::getSupplementalGroupsPolicy)
                                .map("Strict"::equals)
                                .orElse(false))
                .build();
    }

    /// @throws ConfigurationException when its system call filter can't be read
    public static Security security(Pod pod, Container container, SeccompProfiles profiles) {
        var own = Optional.ofNullable(container.getSecurityContext());
        var security =
                Security.newBuilder()
                        .addAllCapabilities(capabilities(own.map(SecurityContext::getCapabilities)))
                        .setNoNewPrivileges(
                                own.map(SecurityContext::getAllowPrivilegeEscalation)
                                        .map(allowed -> !allowed)
                                        .orElse(false))
                        // As a kubelet without SeccompDefault (ADR 22).
                        .setSeccomp(SeccompProfile.UNCONFINED)
                        .setUnmaskedProc(
                                own.map(SecurityContext::getProcMount)
                                        .map("Unmasked"::equals)
                                        .orElse(false));
        pick(
                        pod,
                        container,
                        SecurityContext::getSeccompProfile,
                        PodSecurityContext::getSeccompProfile)
                .ifPresent(profile -> profiles.apply(profile, security));
        return security.build();
    }

    /// In containerd's order: ALL first, then what is added by name, last what is dropped by name.
    private static Set<String> capabilities(Optional<Capabilities> change) {
        var add = canonical(change.map(Capabilities::getAdd).orElse(List.of()));
        var drop = canonical(change.map(Capabilities::getDrop).orElse(List.of()));
        Set<String> capabilities = new LinkedHashSet<>(DEFAULT_CAPABILITIES);
        if (drop.contains(ALL)) {
            capabilities.clear();
        } else if (add.contains(ALL)) {
            capabilities.addAll(DEFAULT_CAPABILITIES);
        }
        capabilities.addAll(add);
        drop.forEach(capabilities::remove);
        capabilities.remove(ALL);
        return capabilities;
    }

    public static boolean readOnlyRoot(Container container) {
        return Optional.ofNullable(container.getSecurityContext())
                .map(SecurityContext::getReadOnlyRootFilesystem)
                .orElse(false);
    }

    /// The container's own setting, else the pod's.
    static <T> Optional<T> pick(
            Pod pod,
            Container container,
            Function<SecurityContext, T> own,
            Function<PodSecurityContext, T> inherited) {
        return Optional.ofNullable(container.getSecurityContext())
                .map(own)
                .or(() -> Optional.ofNullable(pod.getSpec().getSecurityContext()).map(inherited));
    }

    private static List<String> canonical(List<String> names) {
        return names.stream()
                .map(name -> name.toUpperCase(Locale.ROOT))
                .map(name -> name.startsWith("CAP_") ? name : "CAP_" + name)
                .toList();
    }
}
