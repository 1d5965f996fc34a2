package dev.monopod.agent;

import dev.monopod.host.network.HostNetwork;
import dev.monopod.host.network.HostNetwork.VpcNetwork;
import dev.monopod.kube.api.Vpc;
import dev.monopod.model.network.Cidr;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
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
    private final AgentOptions options;

    VpcWatch(KubernetesClient client, HostNetwork network, AgentOptions options) {
        this.client = client;
        this.network = network;
        this.options = options;
    }

    /// Makes those that exist, then watches.
    void start() {
        client.resources(Vpc.class).inform(this, 0);
    }

    /// Address of this host in the first VPC.
    ///
    /// @throws KubernetesClientException when there is none yet
    String hostAddress() {
        if (options.hostAddress.isPresent()) {
            return options.hostAddress.get();
        }
        List<Vpc> all = client.resources(Vpc.class).list().getItems();
        if (all.isEmpty()) {
            throw new KubernetesClientException("there is no Vpc yet, and no --host-address");
        }
        return hostAddress(all.getFirst());
    }

    /// The one that was given to this host, if it lies in the VPC; else base + 4, which then is
    /// this host for its own pods only.
    private String hostAddress(Vpc vpc) {
        return options.hostAddress
                .filter(address ->
                        vpc.getSpec().cidrs().stream()
                                .anyMatch(range -> Cidr.parse(range).contains(address)))
                .orElseGet(() ->
                        Cidr.text(
                                Cidr.parse(vpc.getSpec().cidrs().getFirst()).base() + HOST_OFFSET));
    }

    private void ensure(Vpc vpc) {
        try {
            network.ensureVpc(
                    new VpcNetwork(
                            vpc.getMetadata().getName(),
                            vpc.getSpec().cidrs(),
                            hostAddress(vpc),
                            options.serviceCidr,
                            options.kubeletPort));
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
