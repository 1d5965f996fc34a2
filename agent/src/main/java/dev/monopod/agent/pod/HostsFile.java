package dev.monopod.agent.pod;

import io.fabric8.kubernetes.api.model.HostAlias;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.Optional;

/// Renders `/etc/hosts` as the kubelet does, and the pod's names.
final class HostsFile {
    private HostsFile() {}

    static String render(Pod pod, String address, String clusterDomain) {
        String hostname = hostname(pod);
        String domain = domain(pod, clusterDomain);
        StringBuilder text =
                new StringBuilder("# Kubernetes-managed hosts file.\n")
                        .append("127.0.0.1\tlocalhost\n")
                        .append("::1\tlocalhost ip6-localhost ip6-loopback\n")
                        .append("fe00::0\tip6-localnet\n")
                        .append("fe00::0\tip6-mcastprefix\n")
                        .append("fe00::1\tip6-allnodes\n")
                        .append("fe00::2\tip6-allrouters\n");
        text.append(address).append('\t');
        if (!domain.isEmpty()) {
            text.append(hostname).append('.').append(domain).append('\t');
        }
        text.append(hostname).append('\n');
        if (!pod.getSpec().getHostAliases().isEmpty()) {
            text.append("\n# Entries added by HostAliases.\n");
            for (HostAlias alias : pod.getSpec().getHostAliases()) {
                text.append(alias.getIp())
                        .append('\t')
                        .append(String.join("\t", alias.getHostnames()))
                        .append('\n');
            }
        }
        return text.toString();
    }

    /// The pod's hostname, at most 63 characters: `hostnameOverride`, else `hostname`, else the
    /// pod's name.
    static String hostname(Pod pod) {
        String name =
                Optional.ofNullable(pod.getSpec().getHostnameOverride())
                        .or(() -> Optional.ofNullable(pod.getSpec().getHostname()))
                        .filter(text -> !text.isEmpty())
                        .orElse(pod.getMetadata().getName());
        String cut = name.length() > 63 ? name.substring(0, 63) : name;
        while (cut.endsWith("-") || cut.endsWith(".")) {
            cut = cut.substring(0, cut.length() - 1);
        }
        return cut;
    }

    /// `SUBDOMAIN.NAMESPACE.svc.DOMAIN`, or empty without a subdomain or with a `hostnameOverride`.
    static String domain(Pod pod, String clusterDomain) {
        String subdomain = pod.getSpec().getSubdomain();
        boolean none = subdomain == null || subdomain.isEmpty();
        return none || pod.getSpec().getHostnameOverride() != null
                ? ""
                : subdomain + "." + pod.getMetadata().getNamespace() + ".svc." + clusterDomain;
    }
}
