package dev.monopod.agent.pod.api;

import dev.monopod.kube.api.Machine;
import dev.monopod.kube.api.MachineStatus;
import dev.monopod.model.names.Names;
import io.fabric8.kubernetes.api.model.DeletionPropagation;
import io.fabric8.kubernetes.api.model.EventBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.net.HttpURLConnection;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// [PodApi] over the API server.
public final class KubernetesPodApi implements PodApi {
    private static final Logger LOG = LoggerFactory.getLogger(KubernetesPodApi.class);
    private static final int REMEMBERED_EVENTS = 4096;
    private static final int EVENT_MESSAGE = 1000;

    private final KubernetesClient client;
    private final String hostName;
    private final Map<String, Counted> events =
            new LinkedHashMap<>(256, 0.75f, true) {
                private static final long serialVersionUID = 1L;

                @Override
                protected boolean removeEldestEntry(Map.Entry<String, Counted> eldest) {
                    return size() > REMEMBERED_EVENTS;
                }
            };

    private record Counted(String name, int count) {}

    public KubernetesPodApi(KubernetesClient client, String hostName) {
        this.client = client;
        this.hostName = hostName;
    }

    @Override
    public Optional<Pod> pod(String namespace, String name, String uid) {
        return Optional.ofNullable(client.pods().inNamespace(namespace).withName(name).get())
                .filter(pod -> pod.getMetadata().getUid().equals(uid));
    }

    @Override
    public boolean patchStatus(Pod pod, PodStatus status) {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("metadata", Map.of("uid", pod.getMetadata().getUid()));
        body.put("status", StatusPatch.of(status));
        try {
            client.pods()
                    .inNamespace(pod.getMetadata().getNamespace())
                    .withName(pod.getMetadata().getName())
                    .subresource("status")
                    .patch(
                            PatchContext.of(PatchType.STRATEGIC_MERGE),
                            client.getKubernetesSerialization().asJson(body));
            return true;
        } catch (KubernetesClientException e) {
            if (e.getCode() == HttpURLConnection.HTTP_NOT_FOUND
                    || e.getCode() == HttpURLConnection.HTTP_CONFLICT
                            && pod(
                                            pod.getMetadata().getNamespace(),
                                            pod.getMetadata().getName(),
                                            pod.getMetadata().getUid())
                                    .isEmpty()) {
                return false;
            }
            throw e;
        }
    }

    @Override
    public void claimPod(Pod pod, String machine) {
        Map<String, String> labels = pod.getMetadata().getLabels();
        if (labels != null && hostName.equals(labels.get(Names.HOST_LABEL))) {
            return;
        }
        Map<String, Object> body =
                Map.of(
                        "metadata",
                        Map.of(
                                "uid",
                                pod.getMetadata().getUid(),
                                "labels",
                                Map.of(Names.HOST_LABEL, hostName)));
        client.pods()
                .inNamespace(pod.getMetadata().getNamespace())
                .withName(pod.getMetadata().getName())
                .patch(
                        PatchContext.of(PatchType.JSON_MERGE),
                        client.getKubernetesSerialization().asJson(body));
    }

    @Override
    public void deletePod(Pod pod) {
        String body =
                "{\"kind\":\"DeleteOptions\",\"apiVersion\":\"v1\",\"gracePeriodSeconds\":0,"
                        + "\"preconditions\":{\"uid\":\""
                        + pod.getMetadata().getUid()
                        + "\"}}";
        try {
            client.raw(path(pod), "DELETE", body);
        } catch (KubernetesClientException e) {
            if (e.getCode() != HttpURLConnection.HTTP_NOT_FOUND
                    && e.getCode() != HttpURLConnection.HTTP_CONFLICT) {
                throw e;
            }
        }
    }

    @Override
    public void evictPod(Pod pod) {
        String body =
                "{\"kind\":\"DeleteOptions\",\"apiVersion\":\"v1\",\"preconditions\":{\"uid\":\""
                        + pod.getMetadata().getUid()
                        + "\"}}";
        try {
            client.raw(path(pod), "DELETE", body);
        } catch (KubernetesClientException e) {
            if (e.getCode() != HttpURLConnection.HTTP_NOT_FOUND
                    && e.getCode() != HttpURLConnection.HTTP_CONFLICT) {
                throw e;
            }
        }
    }

    private static String path(Pod pod) {
        return "/api/v1/namespaces/"
                + pod.getMetadata().getNamespace()
                + "/pods/"
                + pod.getMetadata().getName();
    }

    @Override
    public void claimMachine(String machine) {
        Machine found = client.resources(Machine.class).withName(machine).get();
        if (found == null
                || found.getMetadata().getDeletionTimestamp() != null
                || found.getFinalizers().contains(Names.AGENT_FINALIZER)) {
            return;
        }
        client.resources(Machine.class)
                .withName(machine)
                .edit(current -> {
                    current.addFinalizer(Names.AGENT_FINALIZER);
                    return current;
                });
    }

    @Override
    public void machineStatus(String machine, MachineStatus status) {
        try {
            client.resources(Machine.class)
                    .withName(machine)
                    .subresource("status")
                    .patch(
                            PatchContext.of(PatchType.JSON_MERGE),
                            client.getKubernetesSerialization().asJson(Map.of("status", status)));
        } catch (KubernetesClientException e) {
            if (e.getCode() != HttpURLConnection.HTTP_NOT_FOUND) {
                throw e;
            }
        }
    }

    @Override
    public void removeMachine(String machine) {
        var resource = client.resources(Machine.class).withName(machine);
        resource.withPropagationPolicy(DeletionPropagation.BACKGROUND).delete();
        Machine left = resource.get();
        if (left != null && left.getFinalizers().contains(Names.AGENT_FINALIZER)) {
            try {
                resource.edit(current -> {
                    current.removeFinalizer(Names.AGENT_FINALIZER);
                    return current;
                });
            } catch (KubernetesClientException e) {
                if (e.getCode() != HttpURLConnection.HTTP_NOT_FOUND) {
                    throw e;
                }
            }
        }
    }

    @Override
    public void event(Pod pod, EventType type, String reason, String message, String fieldPath) {
        String cut =
                message.length() > EVENT_MESSAGE ? message.substring(0, EVENT_MESSAGE) : message;
        String key = String.join("|", pod.getMetadata().getUid(), reason, fieldPath, cut);
        String now = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
        try {
            Optional<Counted> known = known(key);
            if (known.isPresent() && repeat(pod, key, known.get(), now)) {
                return;
            }
            String name = pod.getMetadata().getName() + "." + Long.toHexString(System.nanoTime());
            create(pod, type, reason, cut, fieldPath, name, now);
            remember(key, new Counted(name, 1));
        } catch (KubernetesClientException e) {
            LOG.debug("event {} not written: {}", reason, e.getMessage());
        }
    }

    private Optional<Counted> known(String key) {
        synchronized (events) {
            return Optional.ofNullable(events.get(key));
        }
    }

    private void remember(String key, Counted counted) {
        synchronized (events) {
            events.put(key, counted);
        }
    }

    private boolean repeat(Pod pod, String key, Counted known, String now) {
        try {
            client.v1()
                    .events()
                    .inNamespace(pod.getMetadata().getNamespace())
                    .withName(known.name())
                    .patch(
                            PatchContext.of(PatchType.JSON_MERGE),
                            "{\"count\":"
                                    + (known.count() + 1)
                                    + ",\"lastTimestamp\":\""
                                    + now
                                    + "\"}");
            remember(key, new Counted(known.name(), known.count() + 1));
            return true;
        } catch (KubernetesClientException e) {
            return false;
        }
    }

    @SuppressWarnings("TooManyParameters") // the parts of one event
    private void create(
            Pod pod,
            EventType type,
            String reason,
            String message,
            String fieldPath,
            String name,
            String now) {
        client.v1()
                .events()
                .inNamespace(pod.getMetadata().getNamespace())
                .resource(
                        new EventBuilder()
                                .withNewMetadata()
                                .withName(name)
                                .withNamespace(pod.getMetadata().getNamespace())
                                .endMetadata()
                                .withType(type.name())
                                .withReason(reason)
                                .withMessage(message)
                                .withCount(1)
                                .withFirstTimestamp(now)
                                .withLastTimestamp(now)
                                .withReportingComponent("fargate-agent")
                                .withReportingInstance(hostName)
                                .withNewSource()
                                .withComponent("fargate-agent")
                                .withHost(hostName)
                                .endSource()
                                .withNewInvolvedObject()
                                .withApiVersion("v1")
                                .withKind("Pod")
                                .withNamespace(pod.getMetadata().getNamespace())
                                .withName(pod.getMetadata().getName())
                                .withUid(pod.getMetadata().getUid())
                                .withResourceVersion(pod.getMetadata().getResourceVersion())
                                .withFieldPath(fieldPath.isEmpty() ? null : fieldPath)
                                .endInvolvedObject()
                                .build())
                .create();
    }
}
