package dev.monopod.agent.pod.spec;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Sysctl;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Kernel parameters of a pod: those that Kubernetes 1.36 calls safe, over what containerd sets.
public final class Sysctls {
    private static final Set<String> SAFE =
            Set.of(
                    "kernel.shm_rmid_forced",
                    "net.ipv4.ip_local_port_range",
                    "net.ipv4.ip_local_reserved_ports",
                    "net.ipv4.ip_unprivileged_port_start",
                    "net.ipv4.ping_group_range",
                    "net.ipv4.tcp_fin_timeout",
                    "net.ipv4.tcp_keepalive_intvl",
                    "net.ipv4.tcp_keepalive_probes",
                    "net.ipv4.tcp_keepalive_time",
                    "net.ipv4.tcp_rmem",
                    "net.ipv4.tcp_syncookies",
                    "net.ipv4.tcp_wmem");

    /// As containerd 2 by default: any user may open low ports and send pings.
    private static final Map<String, String> DEFAULTS =
            Map.of(
                    "net.ipv4.ip_unprivileged_port_start",
                    "0",
                    "net.ipv4.ping_group_range",
                    "0 2147483647");

    private Sysctls() {}

    /// What the pod's kernel is told, by dotted name.
    public static Map<String, String> of(Pod pod) {
        Map<String, String> all = new LinkedHashMap<>(DEFAULTS);
        declared(pod).forEach(sysctl -> all.put(dotted(sysctl.getName()), sysctl.getValue()));
        return all;
    }

    /// The first one that a kubelet would not allow, as written.
    public static Optional<String> forbidden(Pod pod) {
        return declared(pod).stream()
                .map(Sysctl::getName)
                .filter(name -> !SAFE.contains(dotted(name)))
                .findFirst();
    }

    private static List<Sysctl> declared(Pod pod) {
        var context = pod.getSpec().getSecurityContext();
        return context == null || context.getSysctls() == null ? List.of() : context.getSysctls();
    }

    /// Names may be written with slashes, in which case dots are part of a name.
    private static String dotted(String name) {
        var slash = name.indexOf('/');
        var dot = name.indexOf('.');
        if (slash < 0 || (dot >= 0 && dot < slash)) {
            return name;
        }
        var swapped = new StringBuilder(name);
        for (var i = 0; i < swapped.length(); i++) {
            switch (swapped.charAt(i)) {
                case '/' -> swapped.setCharAt(i, '.');
                case '.' -> swapped.setCharAt(i, '/');
                default -> {}
            }
        }
        return swapped.toString();
    }
}
