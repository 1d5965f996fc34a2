package dev.monopod.agent.pod.volume;

import dev.monopod.agent.pod.spec.PodNames;
import io.fabric8.kubernetes.api.model.Pod;

/// Renders `/etc/hosts` as the kubelet does.
public final class HostsFile {
    private HostsFile() {}

    public static String render(Pod pod, String address, String clusterDomain) {
        var hostname = PodNames.hostname(pod);
        var domain = PodNames.domain(pod, clusterDomain);
        var text =
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
            for (var alias : pod.getSpec().getHostAliases()) {
                text.append(alias.getIp())
                        .append('\t')
                        .append(String.join("\t", alias.getHostnames()))
                        .append('\n');
            }
        }
        return text.toString();
    }
}
