package dev.monopod.agent.node;

import dev.monopod.kube.client.ApiCall;
import dev.monopod.kube.client.ApiCode;
import dev.monopod.kube.client.Patches;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Map;
import java.util.Optional;

/// Nodes and Leases in the API server.
final class KubernetesNodeApi implements NodeApi {
    private static final String LEASES = "kube-node-lease";
    private static final int LEASE_SECONDS = 40;
    private static final DateTimeFormatter MICRO_TIME =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'");

    private final KubernetesClient client;
    private final Patches patches;

    KubernetesNodeApi(KubernetesClient client) {
        this.client = client;
        this.patches = new Patches(client);
    }

    @Override
    public Optional<String> writeStatus(String node, Map<String, Object> status) {
        var target = new NodeBuilder().withNewMetadata().withName(node).endMetadata().build();
        return ApiCall.unless(
                        ApiCode.NOT_FOUND,
                        () -> patches.strategicStatus(target, Map.of("status", status)))
                .map(written -> written.getMetadata().getUid());
    }

    @Override
    public void renewLease(String node, String uid, Instant now) {
        var lease = lease(node, uid, now);
        if (!ApiCall.ignoring(ApiCode.NOT_FOUND, () -> renew(lease))) {
            client.resource(lease).create();
        }
    }

    private void renew(Lease lease) {
        var time = lease.getSpec().getRenewTime().format(MICRO_TIME);
        patches.merge(lease, Map.of("spec", Map.of("renewTime", time)));
    }

    private static Lease lease(String node, String uid, Instant now) {
        return new LeaseBuilder()
                .withNewMetadata()
                .withName(node)
                .withNamespace(LEASES)
                .addNewOwnerReference()
                .withApiVersion("v1")
                .withKind("Node")
                .withName(node)
                .withUid(uid)
                .endOwnerReference()
                .endMetadata()
                .withNewSpec()
                .withHolderIdentity(node)
                .withLeaseDurationSeconds(LEASE_SECONDS)
                .withRenewTime(now.atZone(ZoneOffset.UTC))
                .endSpec()
                .build();
    }

    @Override
    public void delete(String node) {
        client.nodes().withName(node).delete();
        client.resources(Lease.class).inNamespace(LEASES).withName(node).delete();
    }
}
