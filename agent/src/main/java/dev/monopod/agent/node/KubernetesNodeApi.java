package dev.monopod.agent.node;

import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.net.HttpURLConnection;
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

    KubernetesNodeApi(KubernetesClient client) {
        this.client = client;
    }

    @Override
    public Optional<String> writeStatus(String node, Map<String, Object> status) {
        try {
            return Optional.of(
                    client.nodes()
                            .withName(node)
                            .subresource("status")
                            .patch(
                                    PatchContext.of(PatchType.STRATEGIC_MERGE),
                                    client.getKubernetesSerialization()
                                            .asJson(Map.of("status", status)))
                            .getMetadata()
                            .getUid());
        } catch (KubernetesClientException e) {
            if (e.getCode() == HttpURLConnection.HTTP_NOT_FOUND) {
                return Optional.empty();
            }
            throw e;
        }
    }

    @Override
    public void renewLease(String node, String uid, Instant now) {
        var time = now.atZone(ZoneOffset.UTC);
        var leases = client.resources(Lease.class).inNamespace(LEASES);
        try {
            leases.withName(node)
                    .patch(
                            PatchContext.of(PatchType.JSON_MERGE),
                            "{\"spec\":{\"renewTime\":\"" + time.format(MICRO_TIME) + "\"}}");
        } catch (KubernetesClientException e) {
            if (e.getCode() != HttpURLConnection.HTTP_NOT_FOUND) {
                throw e;
            }
            leases.resource(
                            new LeaseBuilder()
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
                                    .withRenewTime(time)
                                    .endSpec()
                                    .build())
                    .create();
        }
    }

    @Override
    public void delete(String node) {
        client.nodes().withName(node).delete();
        client.resources(Lease.class).inNamespace(LEASES).withName(node).delete();
    }
}
