package dev.monopod.agent;

import dev.monopod.agent.network.HostNetwork;
import dev.monopod.agent.network.HostNetwork.VpcNetwork;
import dev.monopod.kube.api.Vpc;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Makes the router of each VPC on this host as soon as its object appears. A VPC's router stays
/// when the object goes: machines may still stand in it.
final class VpcWatch implements ResourceEventHandler<Vpc> {
    private static final Logger LOG = LoggerFactory.getLogger(VpcWatch.class);
    private static final int HOST_OFFSET = 4;

    private final KubernetesClient client;
    private final HostNetwork network;
    private final String serviceCidr;
    private final int kubeletPort;

    VpcWatch(KubernetesClient client, HostNetwork network, String serviceCidr, int kubeletPort) {
        this.client = client;
        this.network = network;
        this.serviceCidr = serviceCidr;
        this.kubeletPort = kubeletPort;
    }

    /// Makes those that exist, then watches.
    void start() {
        client.resources(Vpc.class).inform(this, 0);
    }

    /// Address of this host in the first VPC; empty when there is none yet.
    String hostAddress() {
        List<Vpc> all = client.resources(Vpc.class).list().getItems();
        return all.isEmpty() ? "" : hostAddress(all.getFirst().getSpec().cidrs().getFirst());
    }

    static String hostAddress(String cidr) {
        String[] octets = cidr.substring(0, cidr.indexOf('/')).split("\\.");
        long base = 0;
        for (String octet : octets) {
            base = base << 8 | Long.parseLong(octet);
        }
        long address = base + HOST_OFFSET;
        return "%d.%d.%d.%d"
                .formatted(
                        address >> 24 & 255,
                        address >> 16 & 255,
                        address >> 8 & 255,
                        address & 255);
    }

    private void ensure(Vpc vpc) {
        String cidr = vpc.getSpec().cidrs().getFirst();
        try {
            network.ensureVpc(
                    new VpcNetwork(
                            vpc.getMetadata().getName(),
                            vpc.getSpec().cidrs(),
                            hostAddress(cidr),
                            serviceCidr,
                            kubeletPort));
        } catch (RuntimeException e) {
            LOG.error("router of VPC {} not made", vpc.getMetadata().getName(), e);
        }
    }

    @Override
    public void onAdd(Vpc vpc) {
        ensure(vpc);
    }

    @Override
    public void onUpdate(Vpc before, Vpc after) {
        if (!after.getSpec().equals(before.getSpec())) {
            ensure(after);
        }
    }

    @Override
    public void onDelete(Vpc vpc, boolean finalStateUnknown) {
        LOG.info(
                "Vpc {} is gone; its router stays until the host is cleaned",
                vpc.getMetadata().getName());
    }
}
