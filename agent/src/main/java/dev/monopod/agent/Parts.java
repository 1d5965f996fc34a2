package dev.monopod.agent;

import dev.monopod.agent.image.ImageStore;
import dev.monopod.agent.machine.Hypervisor;
import dev.monopod.agent.machine.QemuConfiguration;
import dev.monopod.agent.machine.QemuHypervisor;
import dev.monopod.agent.network.HostNetwork;
import dev.monopod.agent.network.LinuxHostNetwork;
import dev.monopod.agent.pod.PodHost;
import io.fabric8.kubernetes.client.KubernetesClient;
import org.slf4j.LoggerFactory;

/// The one place that names implementations.
final class Parts {
    private Parts() {}

    static Hypervisor hypervisor(AgentOptions options) {
        return new QemuHypervisor(
                new QemuConfiguration(
                        options.guestDirectory.resolve("vmlinuz"),
                        options.guestDirectory.resolve("initramfs.cpio.gz"),
                        options.dataDirectory,
                        options.runDirectory,
                        QemuConfiguration.DEFAULT_JAIL_USER));
    }

    static HostNetwork network(AgentOptions options) {
        return new LinuxHostNetwork(options.runDirectory);
    }

    static ImageStore images(AgentOptions options) {
        throw new IllegalStateException(
                "no image store is built in yet, for " + options.dataDirectory);
    }

    /// Listens when it returns.
    static AutoCloseable kubelet(
            AgentOptions options, KubernetesClient client, PodHost pods, String address) {
        LoggerFactory.getLogger(Parts.class)
                .warn(
                        "no kubelet API is built in yet: {} {} {} {}",
                        options.kubeletPort,
                        client.getMasterUrl(),
                        pods.addresses(),
                        address);
        return () -> {};
    }
}
