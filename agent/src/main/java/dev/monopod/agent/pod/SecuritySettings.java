package dev.monopod.agent.pod;

import dev.monopod.protocol.guest.SeccompProfile;
import dev.monopod.protocol.guest.Security;
import dev.monopod.protocol.guest.User;
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
final class SecuritySettings {
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

    private SecuritySettings() {}

    static User user(Pod pod, Container container, String imageUser) {
        Optional<PodSecurityContext> ofPod =
                Optional.ofNullable(pod.getSpec().getSecurityContext());
        User.Builder user = User.newBuilder().setName(imageUser);
        pick(container, ofPod, SecurityContext::getRunAsUser, PodSecurityContext::getRunAsUser)
                .ifPresent(user::setUid);
        pick(container, ofPod, SecurityContext::getRunAsGroup, PodSecurityContext::getRunAsGroup)
                .ifPresent(user::setGid);
        Set<Long> groups = new LinkedHashSet<>();
        ofPod.map(PodSecurityContext::getSupplementalGroups).ifPresent(groups::addAll);
        ofPod.map(PodSecurityContext::getFsGroup).ifPresent(groups::add);
        return user.addAllSupplementalGroups(groups)
                .setMustRunAsNonRoot(
                        pick(
                                        container,
                                        ofPod,
                                        SecurityContext::getRunAsNonRoot,
                                        PodSecurityContext::getRunAsNonRoot)
                                .orElse(false))
                .build();
    }

    static Security security(Pod pod, Container container) {
        Optional<SecurityContext> own = Optional.ofNullable(container.getSecurityContext());
        Set<String> capabilities = new LinkedHashSet<>(DEFAULT_CAPABILITIES);
        own.map(SecurityContext::getCapabilities)
                .ifPresent(
                        change -> {
                            List<String> drop = canonical(change.getDrop());
                            if (drop.contains("CAP_ALL")) {
                                capabilities.clear();
                            }
                            drop.forEach(capabilities::remove);
                            for (String name : canonical(change.getAdd())) {
                                if (name.equals("CAP_ALL")) {
                                    capabilities.addAll(DEFAULT_CAPABILITIES);
                                } else {
                                    capabilities.add(name);
                                }
                            }
                        });
        boolean unconfined =
                own.map(SecurityContext::getSeccompProfile)
                        .or(
                                () ->
                                        Optional.ofNullable(pod.getSpec().getSecurityContext())
                                                .map(PodSecurityContext::getSeccompProfile))
                        .map(profile -> "Unconfined".equals(profile.getType()))
                        .orElse(false);
        return Security.newBuilder()
                .addAllCapabilities(capabilities)
                .setNoNewPrivileges(
                        own.map(SecurityContext::getAllowPrivilegeEscalation)
                                .map(allowed -> !allowed)
                                .orElse(false))
                .setSeccomp(
                        unconfined ? SeccompProfile.UNCONFINED : SeccompProfile.RUNTIME_DEFAULT)
                .setUnmaskedProc(
                        own.map(SecurityContext::getProcMount)
                                .map("Unmasked"::equals)
                                .orElse(false))
                .build();
    }

    static boolean readOnlyRoot(Container container) {
        return Optional.ofNullable(container.getSecurityContext())
                .map(SecurityContext::getReadOnlyRootFilesystem)
                .orElse(false);
    }

    private static <T> Optional<T> pick(
            Container container,
            Optional<PodSecurityContext> ofPod,
            Function<SecurityContext, T> own,
            Function<PodSecurityContext, T> inherited) {
        return Optional.ofNullable(container.getSecurityContext())
                .map(own)
                .or(() -> ofPod.map(inherited));
    }

    private static List<String> canonical(
            @org.jspecify.annotations.Nullable List<String> names) {
        if (names == null) {
            return List.of();
        }
        return names.stream()
                .map(name -> name.toUpperCase(Locale.ROOT))
                .map(name -> name.startsWith("CAP_") ? name : "CAP_" + name)
                .toList();
    }
}
