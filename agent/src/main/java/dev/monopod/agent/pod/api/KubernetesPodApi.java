package dev.monopod.agent.pod.api;

import dev.monopod.kube.api.Machine;
import dev.monopod.kube.api.MachineStatus;
import dev.monopod.kube.client.ApiCall;
import dev.monopod.kube.client.ApiCode;
import dev.monopod.kube.client.EventType;
import dev.monopod.kube.client.Events;
import dev.monopod.kube.client.Finalizers;
import dev.monopod.kube.client.Patches;
import dev.monopod.kube.client.Watched;
import dev.monopod.model.names.Names;
import io.fabric8.kubernetes.api.model.DeletionPropagation;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/// [PodApi] over the API server.
public final class KubernetesPodApi implements PodApi {
    private final KubernetesClient client;
    private final String hostName;
    private final Events events;
    private final Disappearance disappearance;
    private final Watched<Pod> pods;
    private final Patches patches;
    private final Finalizers finalizers;

    /// @param pods all of the cluster
    public KubernetesPodApi(
            KubernetesClient client,
            String hostName,
            Events events,
            Disappearance disappearance,
            Watched<Pod> pods) {
        this.client = client;
        this.hostName = hostName;
        this.events = events;
        this.disappearance = disappearance;
        this.pods = pods;
        this.patches = new Patches(client);
        this.finalizers = new Finalizers(client);
    }

    @Override
    public Optional<Pod> pod(String namespace, String name, String uid) {
        return Optional.ofNullable(client.pods().inNamespace(namespace).withName(name).get())
                .filter(pod -> pod.getMetadata().getUid().equals(uid));
    }

    @Override
    public Optional<Pod> shown(String namespace, String name, String uid) {
        return pods.find(namespace + "/" + name)
                .filter(pod -> pod.getMetadata().getUid().equals(uid));
    }

    @Override
    public boolean believable(String machine) {
        return !(disappearance.look(machine) instanceof Disappearance.Sight.Doubtful);
    }

    @Override
    public Optional<Pod> patchStatus(Pod pod, PodStatus status) {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("metadata", Map.of("uid", pod.getMetadata().getUid()));
        body.put("status", StatusPatch.of(status));
        try {
            return Optional.of(patches.strategicStatus(pod, body));
        } catch (KubernetesClientException e) {
            if (ApiCode.NOT_FOUND.in(e)
                    || ApiCode.CONFLICT.in(e)
                            && pod(
                                            pod.getMetadata().getNamespace(),
                                            pod.getMetadata().getName(),
                                            pod.getMetadata().getUid())
                                    .isEmpty()) {
                return Optional.empty();
            }
            throw e;
        }
    }

    @Override
    public void claimPod(Pod pod, String machine) {
        var labels = pod.getMetadata().getLabels();
        if (labels != null && hostName.equals(labels.get(Names.HOST_LABEL))) {
            return;
        }
        var body =
                Map.of(
                        "metadata",
                        Map.of(
                                "uid",
                                pod.getMetadata().getUid(),
                                "labels",
                                Map.of(Names.HOST_LABEL, hostName)));
        patches.merge(pod, body);
    }

    @Override
    public void deletePod(Pod pod) {
        delete(pod, "\"gracePeriodSeconds\":0,");
    }

    @Override
    public void evictPod(Pod pod) {
        delete(pod, "");
    }

    /// Does nothing if the pod is gone, or is another one of that name.
    private void delete(Pod pod, String options) {
        var body =
                "{\"kind\":\"DeleteOptions\",\"apiVersion\":\"v1\","
                        + options
                        + "\"preconditions\":{\"uid\":\""
                        + pod.getMetadata().getUid()
                        + "\"}}";
        var unused =
                ApiCall.ignoring(
                        ApiCode.NOT_FOUND,
                        () -> {
                            var kept =
                                    ApiCall.ignoring(
                                            ApiCode.CONFLICT,
                                            () -> client.raw(path(pod), "DELETE", body));
                        });
    }

    private static String path(Pod pod) {
        return "/api/v1/namespaces/"
                + pod.getMetadata().getNamespace()
                + "/pods/"
                + pod.getMetadata().getName();
    }

    @Override
    public void claimMachine(Machine machine) {
        // The scheduler makes Machines with it: no call before each start.
        if (!machine.hasFinalizer(Names.AGENT_FINALIZER)) {
            finalizers.add(machine, Names.AGENT_FINALIZER);
        }
    }

    @Override
    public void machineStatus(String machine, MachineStatus status) {
        var unused =
                ApiCall.ignoring(
                        ApiCode.NOT_FOUND,
                        () -> patches.mergeStatus(named(machine), Map.of("status", status)));
    }

    @Override
    public void removeMachine(String machine) {
        client.resource(named(machine))
                .withPropagationPolicy(DeletionPropagation.BACKGROUND)
                .delete();
        finalizers.remove(named(machine), Names.AGENT_FINALIZER);
    }

    private static Machine named(String name) {
        var machine = new Machine();
        machine.setMetadata(new ObjectMetaBuilder().withName(name).build());
        return machine;
    }

    @Override
    public void event(Pod pod, EventType type, String reason, String message, String fieldPath) {
        events.event(pod, type, reason, message, fieldPath);
    }
}
