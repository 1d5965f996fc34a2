package dev.monopod.agent.pod.spec;

import io.fabric8.kubernetes.api.model.Pod;
import java.util.Optional;

/// What a pod is called from inside, by the kubelet's rules.
public final class PodNames {
    private static final int LABEL = 63;
    private static final int KERNEL = 64;

    private PodNames() {}

    /// The pod's hostname, at most 63 characters: `hostnameOverride`, else `hostname`, else the
    /// pod's name.
    public static String hostname(Pod pod) {
        var name =
                Optional.ofNullable(pod.getSpec().getHostnameOverride())
                        .or(() -> Optional.ofNullable(pod.getSpec().getHostname()))
                        .filter(text -> !text.isEmpty())
                        .orElse(pod.getMetadata().getName());
        var cut = name.length() > LABEL ? name.substring(0, LABEL) : name;
        while (cut.endsWith("-") || cut.endsWith(".")) {
            cut = cut.substring(0, cut.length() - 1);
        }
        return cut;
    }

    /// `SUBDOMAIN.NAMESPACE.svc.DOMAIN`, or empty without a subdomain or with a `hostnameOverride`.
    public static String domain(Pod pod, String clusterDomain) {
        var subdomain = pod.getSpec().getSubdomain();
        var none = subdomain == null || subdomain.isEmpty();
        return none || pod.getSpec().getHostnameOverride() != null
                ? ""
                : subdomain + "." + pod.getMetadata().getNamespace() + ".svc." + clusterDomain;
    }

    /// What the machine's kernel calls itself: the hostname, or with `setHostnameAsFQDN` the
    /// hostname and its domain.
    ///
    /// @throws IllegalArgumentException when that is longer than a kernel can hold
    public static String kernel(Pod pod, String clusterDomain) {
        var domain = domain(pod, clusterDomain);
        if (domain.isEmpty() || !Boolean.TRUE.equals(pod.getSpec().getSetHostnameAsFQDN())) {
            return hostname(pod);
        }
        var full = hostname(pod) + "." + domain;
        if (full.length() > KERNEL) {
            throw new IllegalArgumentException(
                    "failed to construct FQDN from pod hostname and cluster domain, FQDN %s is too long (%d characters is the max, %d characters requested)"
                            .formatted(full, KERNEL, full.length()));
        }
        return full;
    }
}
