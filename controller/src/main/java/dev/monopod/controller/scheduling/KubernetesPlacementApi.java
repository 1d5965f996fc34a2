package dev.monopod.controller.scheduling;

import dev.monopod.controller.node.FargateNode;
import dev.monopod.kube.api.Machine;
import dev.monopod.kube.api.SecurityGroupPolicy;
import dev.monopod.kube.client.ApiCall;
import dev.monopod.kube.client.ApiCode;
import dev.monopod.kube.client.ConditionState;
import dev.monopod.kube.client.Patches;
import dev.monopod.model.names.Names;
import dev.monopod.model.time.Clocks;
import io.fabric8.kubernetes.api.model.BindingBuilder;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.net.HttpURLConnection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// [PlacementApi] over the API server.
final class KubernetesPlacementApi implements PlacementApi {
    private static final Logger LOG = LoggerFactory.getLogger(KubernetesPlacementApi.class);
    private static final String CONDITION = "PodScheduled";

    private final KubernetesClient client;
    private final Patches patches;
    private final Clocks clocks;

    KubernetesPlacementApi(KubernetesClient client, Clocks clocks) {
        this.client = client;
        this.patches = new Patches(client);
        this.clocks = clocks;
    }

    @Override
    public Optional<AddressClaim> claim(Machine machine) {
        var asked = clocks.now();
        var wanted = AddressClaim.of(machine, asked.wall());
        try {
            return Optional.of(new AddressClaim(client.resource(wanted).create(), asked));
        } catch (KubernetesClientException e) {
            if (ApiCode.CONFLICT.in(e)) {
                return takeOver(wanted).map(lease -> new AddressClaim(lease, asked));
            }
            if (!ApiCode.refused(e)) {
                // It may exist all the same.
                release(wanted);
            }
            throw e;
        }
    }

    /// By a new time: who claimed it before does not know it as its own any more, and does not give
    /// it back. Both may still create the Machine, which is the same.
    private Optional<Lease> takeOver(Lease wanted) {
        @Nullable Lease found = client.resource(wanted).get();
        if (found == null || !EarlierPlace.same(found, wanted)) {
            return Optional.empty();
        }
        var version = found.getMetadata().getResourceVersion();
        found.setSpec(wanted.getSpec());
        try {
            return Optional.of(client.resource(found).lockResourceVersion(version).update());
        } catch (KubernetesClientException e) {
            if (ApiCode.CONFLICT.in(e) || ApiCode.NOT_FOUND.in(e)) {
                return Optional.empty();
            }
            throw e;
        }
    }

    @Override
    public Map<String, EarlierPlace> earlier() {
        return client
                .leases()
                .inNamespace(AddressClaim.NAMESPACE)
                .withLabel(Names.MACHINE_LABEL)
                .list()
                .getItems()
                .stream()
                .map(EarlierPlace::of)
                .flatMap(Optional::stream)
                .collect(
                        Collectors.toMap(
                                EarlierPlace.Of::machine, EarlierPlace.Of::place, (one, _) -> one));
    }

    @Override
    public void release(AddressClaim claim) {
        release(claim.lease());
    }

    /// The very claim: one of the same machine may be another leader's.
    private void release(Lease lease) {
        try {
            @Nullable Lease found = client.resource(lease).get();
            if (found != null && AddressClaim.same(found, lease)) {
                client.resource(found)
                        .lockResourceVersion(found.getMetadata().getResourceVersion())
                        .delete();
            }
        } catch (KubernetesClientException e) {
            LOG.info(
                    "{}: failed to give the address back, it rests: {}",
                    lease.getMetadata().getName(),
                    e.getMessage());
        }
    }

    @Override
    public Machine create(Machine machine, AddressClaim claim) {
        if (!claim.lasts(clocks.now())) {
            throw new KubernetesClientException(
                    "%s: claimed at %s, too long ago; was this process stopped?"
                            .formatted(machine.getSpec().nodeName(), claim.asked().wall()),
                    HttpURLConnection.HTTP_CLIENT_TIMEOUT,
                    null);
        }
        return client.resource(machine).create();
    }

    @Override
    public Optional<Machine> machine(String name) {
        return Optional.ofNullable(client.resources(Machine.class).withName(name).get());
    }

    @Override
    public void delete(Machine machine) {
        var wanted = machine.getSpec().pod();
        @Nullable Pod pod =
                client.pods().inNamespace(wanted.namespace()).withName(wanted.name()).get();
        if (pod == null
                || !wanted.uid().equals(pod.getMetadata().getUid())
                || pod.getSpec().getNodeName() == null) {
            client.resource(machine).delete();
        }
    }

    @Override
    public Surroundings surroundings(Pod pod) {
        var namespace = pod.getMetadata().getNamespace();
        var name = Objects.requireNonNullElse(pod.getSpec().getServiceAccountName(), "default");
        var selecting =
                CallBeside.begin(() ->
                        client.resources(SecurityGroupPolicy.class)
                                .inNamespace(namespace)
                                .list()
                                .getItems());
        @Nullable ServiceAccount account =
                client.serviceAccounts().inNamespace(namespace).withName(name).get();
        var policies = selecting.result();
        return account == null
                ? new Surroundings(policies, Map.of(), Map.of())
                : new Surroundings(
                        policies,
                        orEmpty(account.getMetadata().getLabels()),
                        orEmpty(account.getMetadata().getAnnotations()));
    }

    private static Map<String, String> orEmpty(@Nullable Map<String, String> texts) {
        return Objects.requireNonNullElse(texts, Map.of());
    }

    @Override
    public boolean bind(Pod pod, Machine machine) {
        var spec = machine.getSpec();
        var region = spec.nodeName().replaceFirst("^[^.]+\\.", "").replace(".compute.internal", "");
        createNode(machine, region);
        var meta = pod.getMetadata();
        var binding =
                new BindingBuilder()
                        .withNewMetadata()
                        .withName(meta.getName())
                        .withNamespace(meta.getNamespace())
                        .withUid(meta.getUid())
                        // As it was judged: an edit since then is a conflict.
                        .withResourceVersion(meta.getResourceVersion())
                        .addToLabels(Names.HOST_LABEL, spec.host())
                        .addToLabels(Names.MACHINE_LABEL, machine.getMetadata().getName())
                        .endMetadata()
                        .withNewTarget()
                        .withApiVersion("v1")
                        .withKind("Node")
                        .withName(spec.nodeName())
                        .endTarget()
                        .build();
        var path =
                "/api/v1/namespaces/%s/pods/%s/binding"
                        .formatted(meta.getNamespace(), meta.getName());
        var json = client.getKubernetesSerialization().asJson(binding);
        try {
            client.raw(path, "POST", json);
            return true;
        } catch (KubernetesClientException e) {
            if (ApiCode.CONFLICT.in(e)) {
                return false;
            }
            throw e;
        }
    }

    /// A Node is named by its address. One of an earlier machine is waited for: bound to it, the
    /// pod would go with it.
    private void createNode(Machine machine, String region) {
        var node = client.resource(FargateNode.of(machine, region));
        try {
            node.create();
        } catch (KubernetesClientException e) {
            if (!ApiCode.CONFLICT.in(e)
                    || !machine.getMetadata().getName().equals(owner(node.get()))) {
                throw e;
            }
        }
    }

    private static @Nullable String owner(@Nullable Node node) {
        return node == null ? null : node.getMetadata().getLabels().get(Names.MACHINE_LABEL);
    }

    @Override
    public Optional<Pod> mark(Pod pod, PodMarks marks) {
        var patch =
                Map.of(
                        "metadata",
                        Map.of(
                                "uid",
                                pod.getMetadata().getUid(),
                                "resourceVersion",
                                pod.getMetadata().getResourceVersion(),
                                "labels",
                                marks.labels(),
                                "annotations",
                                marks.annotations()));
        try {
            return Optional.of(patches.merge(pod, patch));
        } catch (KubernetesClientException e) {
            if (ApiCode.CONFLICT.in(e)) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /// The version keeps what was decided before a binding from being written after it.
    @Override
    public void notScheduled(Pod pod, String reason, String message) {
        var state = new ConditionState(CONDITION, false, reason, message);
        var before =
                pod.getStatus() == null ? List.<PodCondition>of() : pod.getStatus().getConditions();
        if (state.isToldBy(before)) {
            return;
        }
        var patch =
                Map.of(
                        "metadata",
                        Map.of(
                                "uid",
                                pod.getMetadata().getUid(),
                                "resourceVersion",
                                pod.getMetadata().getResourceVersion()),
                        "status",
                        Map.of(
                                "conditions",
                                List.of(state.podCondition(before, clocks.wall().instant()))));
        var unused = ApiCall.ignoring(ApiCode.CONFLICT, () -> patches.strategicStatus(pod, patch));
    }
}
