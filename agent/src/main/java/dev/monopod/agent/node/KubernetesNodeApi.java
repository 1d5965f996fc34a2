package dev.monopod.agent.node;

import dev.monopod.kube.client.ApiCall;
import dev.monopod.kube.client.ApiCode;
import dev.monopod.kube.client.Patches;
import dev.monopod.model.names.Names;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

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
    public void beginLease(String node, String machine, String uid, Instant now) {
        var lease = lease(node, machine, uid, now);
        if (!ApiCall.ignoring(ApiCode.CONFLICT, () -> client.resource(lease).create())) {
            renew(lease);
        }
    }

    @Override
    public void renewLease(String node, String machine, String uid, Instant now) {
        var lease = lease(node, machine, uid, now);
        if (!ApiCall.ignoring(ApiCode.NOT_FOUND, () -> renew(lease))) {
            client.resource(lease).create();
        }
    }

    private void renew(Lease lease) {
        var time = lease.getSpec().getRenewTime().format(MICRO_TIME);
        patches.merge(lease, Map.of("spec", Map.of("renewTime", time)));
    }

    private static Lease lease(String node, String machine, String uid, Instant now) {
        return new LeaseBuilder()
                .withNewMetadata()
                .withName(node)
                .withNamespace(LEASES)
                .addToLabels(Names.MACHINE_LABEL, machine)
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
    public boolean renewOwnLease(String node, String machine, Instant now) {
        @Nullable Lease found = find(node);
        if (found == null || !isOf(found, machine)) {
            return false;
        }
        var version = found.getMetadata().getResourceVersion();
        var patch =
                Map.of(
                        "metadata", Map.of("resourceVersion", version),
                        "spec", Map.of("renewTime", now.atZone(ZoneOffset.UTC).format(MICRO_TIME)));
        // A conflict: it was renewed or taken away meanwhile, which the next turn sees.
        var unused =
                ApiCall.ignoring(
                        ApiCode.CONFLICT,
                        () ->
                                ApiCall.ignoring(
                                        ApiCode.NOT_FOUND, () -> patches.merge(found, patch)));
        return true;
    }

    @Override
    public void delete(String node, String machine) {
        @Nullable Node found = client.nodes().withName(node).get();
        // Completed pods of other machines may name the Node, and the next machine may have it.
        if (found != null && isOf(found, machine) && !isOthersToo(found, machine)) {
            delete(found);
        }
        @Nullable Lease lease = find(node);
        if (lease != null && isOf(lease, machine)) {
            delete(lease);
        }
    }

    private @Nullable Lease find(String node) {
        return client.leases().inNamespace(LEASES).withName(node).get();
    }

    /// Whoever has changed it meanwhile is not overrun.
    ///
    /// @throws RuntimeException if somebody has: to be tried again
    private void delete(HasMetadata object) {
        client.resource(object)
                .lockResourceVersion(object.getMetadata().getResourceVersion())
                .delete();
    }

    private static boolean isOf(HasMetadata object, String machine) {
        var labels = object.getMetadata().getLabels();
        return labels == null || machine.equals(labels.getOrDefault(Names.MACHINE_LABEL, machine));
    }

    private static boolean isOthersToo(Node node, String machine) {
        return node.getMetadata().getOwnerReferences().stream()
                .anyMatch(owner ->
                        owner.getKind().equals("Machine") && !owner.getName().equals(machine));
    }
}
