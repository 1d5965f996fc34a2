package dev.monopod.agent.node;

import dev.monopod.agent.pod.api.PodNodes;
import dev.monopod.kube.api.Machine;
import dev.monopod.protocol.guest.ConfigureResponse;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.net.HttpURLConnection;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Keeps the Node of every machine of this host Ready and its Lease fresh, once the guest answered.
/// One thread for all.
public final class NodeStatus implements PodNodes, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(NodeStatus.class);
    private static final String LEASES = "kube-node-lease";
    private static final int LEASE_SECONDS = 40;
    private static final Duration RENEWAL = Duration.ofSeconds(10);
    private static final Duration STATUS = Duration.ofMinutes(5);
    private static final Duration ABSENT = Duration.ofMillis(500);

    private final KubernetesClient client;
    private final String version;
    private final Map<String, Known> nodes = new ConcurrentHashMap<>();
    private final CountDownLatch closing = new CountDownLatch(1);

    private record Known(NodeStatusView view, Instant since, Instant written, String uid) {}

    /// @param version of the agent
    public NodeStatus(KubernetesClient client, String version) {
        this.client = client;
        this.version = version;
    }

    public void start() {
        Thread.ofVirtual().name("node-leases").start(this::run);
    }

    @Override
    public void ready(Machine machine, ConfigureResponse guest) {
        String name = machine.getSpec().nodeName();
        NodeStatusView view =
                new NodeStatusView(machine, guest.getKernelRelease(), guest.getBootId(), version);
        Known known = new Known(view, Instant.now(), Instant.EPOCH, "");
        nodes.put(name, known);
        try {
            while (nodes.containsKey(name) && !tend(name, known)) {
                if (closing.await(ABSENT.toMillis(), TimeUnit.MILLISECONDS)) {
                    return;
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void keep(Machine machine) {
        ready(machine, ConfigureResponse.getDefaultInstance());
    }

    @Override
    public void remove(Machine machine) {
        String name = machine.getSpec().nodeName();
        nodes.remove(name);
        client.nodes().withName(name).delete();
        client.resources(Lease.class).inNamespace(LEASES).withName(name).delete();
    }

    private void run() {
        try {
            while (!closing.await(RENEWAL.toMillis(), TimeUnit.MILLISECONDS)) {
                nodes.forEach(this::tend);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /// Returns whether the Node was there and could be told.
    private boolean tend(String name, Known known) {
        try {
            Instant now = Instant.now();
            Known next = known;
            if (Duration.between(known.written(), now).compareTo(STATUS) > 0) {
                Node node = write(name, known, now);
                next = new Known(known.view(), known.since(), now, node.getMetadata().getUid());
                nodes.replace(name, known, next);
            }
            renew(name, next.uid());
            return true;
        } catch (KubernetesClientException e) {
            if (e.getCode() != HttpURLConnection.HTTP_NOT_FOUND) {
                LOG.warn("Node {} not told: {}", name, e.getMessage());
            }
            return false;
        }
    }

    private Node write(String name, Known known, Instant now) {
        return client.nodes()
                .withName(name)
                .subresource("status")
                .patch(
                        PatchContext.of(PatchType.STRATEGIC_MERGE),
                        client.getKubernetesSerialization()
                                .asJson(Map.of("status", known.view().render(known.since(), now))));
    }

    private void renew(String name, String uid) {
        ZonedDateTime now = ZonedDateTime.now(ZoneOffset.UTC);
        var leases = client.resources(Lease.class).inNamespace(LEASES);
        try {
            leases.withName(name)
                    .patch(
                            PatchContext.of(PatchType.JSON_MERGE),
                            "{\"spec\":{\"renewTime\":\""
                                    + now.format(
                                            java.time.format.DateTimeFormatter.ofPattern(
                                                    "yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'"))
                                    + "\"}}");
        } catch (KubernetesClientException e) {
            if (e.getCode() != HttpURLConnection.HTTP_NOT_FOUND) {
                throw e;
            }
            leases.resource(
                            new LeaseBuilder()
                                    .withNewMetadata()
                                    .withName(name)
                                    .withNamespace(LEASES)
                                    .addNewOwnerReference()
                                    .withApiVersion("v1")
                                    .withKind("Node")
                                    .withName(name)
                                    .withUid(uid)
                                    .endOwnerReference()
                                    .endMetadata()
                                    .withNewSpec()
                                    .withHolderIdentity(name)
                                    .withLeaseDurationSeconds(LEASE_SECONDS)
                                    .withRenewTime(now)
                                    .endSpec()
                                    .build())
                    .create();
        }
    }

    @Override
    public void close() {
        closing.countDown();
    }
}
