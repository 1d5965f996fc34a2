package dev.monopod.agent.firewall;

import dev.monopod.host.network.HostNetwork;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;

/// A [HostNetwork] that gives no pod an interface before the kernel has its rules, so not even its
/// first packet passes unjudged.
public final class GuardedNetwork implements HostNetwork {
    private static final Duration LIMIT = Duration.ofSeconds(10);

    private final HostNetwork network;
    private final Firewalls firewalls;

    public GuardedNetwork(HostNetwork network, Firewalls firewalls) {
        this.network = network;
        this.firewalls = firewalls;
    }

    @Override
    public void ensureVpc(VpcNetwork vpc) {
        network.ensureVpc(vpc);
    }

    @Override
    public Attachment attach(PodInterface podInterface, Optional<OpenTap> opened) {
        firewalls.awaitRules(podInterface.machineId(), LIMIT);
        return network.attach(podInterface, opened);
    }

    @Override
    public void detach(String machineId) {
        network.detach(machineId);
    }

    @Override
    public void retainOnly(Collection<String> machineIds) {
        network.retainOnly(machineIds);
    }

    @Override
    public Optional<String> hostAddress(String vpc) {
        return network.hostAddress(vpc);
    }

    @Override
    public void serveKubelets(Collection<Kubelet> kubelets) {
        network.serveKubelets(kubelets);
    }

    @Override
    public boolean servesKubelet(String vpc, String address) {
        return network.servesKubelet(vpc, address);
    }

    @Override
    public Map<String, Traffic> traffic(Collection<String> machineIds) {
        return network.traffic(machineIds);
    }

    @Override
    public void removeAll() {
        network.removeAll();
    }
}
