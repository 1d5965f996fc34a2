package dev.monopod.controller.scheduling;

import dev.monopod.controller.ClusterView;
import dev.monopod.controller.admission.ClusterReads;
import dev.monopod.controller.node.FargateNode;
import dev.monopod.controller.scheduling.Placer.Decision;
import dev.monopod.kube.api.Machine;
import dev.monopod.kube.api.MachineSpec;
import dev.monopod.kube.client.ApiCall;
import dev.monopod.kube.client.ApiCode;
import dev.monopod.kube.client.Events;
import dev.monopod.kube.mapping.PodShapes;
import dev.monopod.kube.mapping.PodSizing;
import dev.monopod.model.names.Names;
import dev.monopod.model.network.Cidr;
import dev.monopod.model.profile.Match;
import dev.monopod.model.profile.ProfileMatching;
import dev.monopod.model.size.MemoryOverhead;
import dev.monopod.model.size.Provisioned;
import dev.monopod.model.size.Size;
import dev.monopod.model.support.Refusals;
import io.fabric8.kubernetes.api.model.BindingBuilder;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The fargate-scheduler. One thread decides, in the order of arrival; creating the Machine is the
/// commit point, and its name can exist once. Node and Binding follow on threads of their own. A
/// pod that can't be placed is retried for ever, and at once when something changes.
public final class FargateScheduler implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(FargateScheduler.class);
    private static final String ADOPT = "monopod.dev/adopt";

    private final KubernetesClient client;
    private final ClusterView cluster;
    private final ClusterReads reads;
    private final MemoryOverhead overhead;
    private final RetryQueue queue = new RetryQueue(System::nanoTime);
    private final Placer placer = new Placer();
    private final Ledger ledger;
    private final Events events;
    private final PodConditions conditions;
    private final ExecutorService binders = Executors.newVirtualThreadPerTaskExecutor();
    private final Thread thread = Thread.ofVirtual().name("scheduler").unstarted(this::run);

    public FargateScheduler(
            KubernetesClient client,
            ClusterView cluster,
            ClusterReads reads,
            MemoryOverhead overhead,
            Events events,
            Clock clock) {
        this.client = client;
        this.cluster = cluster;
        this.reads = reads;
        this.overhead = overhead;
        this.ledger =
                new Ledger(
                        () ->
                                new Ledger.Seen(
                                        cluster.profiles(),
                                        cluster.subnets(),
                                        cluster.vpcs(),
                                        cluster.hosts(),
                                        cluster.machines()),
                        clock);
        this.events = events;
        this.conditions = new PodConditions(client, clock);
    }

    /// Call once, when the cluster view is complete.
    public void start() {
        cluster.onUnassignedPod(pod -> queue.add(key(pod)));
        cluster.onPlacementChange(() -> {
            queue.wakeAll();
            // Pods of the default scheduler are not in the queue: a profile may take them.
            cluster.unassignedPods().forEach(pod -> queue.add(key(pod)));
        });
        cluster.onClaimChange(queue::wakeAll);
        cluster.onMachine(machine -> {
            if (cluster.machines().stream().noneMatch(m -> same(m, machine))) {
                ledger.released(machine);
            }
        });
        cluster.unassignedPods().forEach(pod -> queue.add(key(pod)));
        thread.start();
    }

    private static boolean same(Machine one, Machine other) {
        return one.getMetadata().getName().equals(other.getMetadata().getName());
    }

    @Override
    public void close() {
        thread.interrupt();
        binders.shutdownNow();
    }

    private void run() {
        while (!Thread.currentThread().isInterrupted()) {
            String key;
            try {
                key = queue.take();
            } catch (InterruptedException e) {
                return;
            }
            try {
                schedule(key);
            } catch (RuntimeException e) {
                LOG.warn("{}: scheduling failed, will be retried: {}", key, e.toString());
                queue.retry(key);
            }
        }
    }

    private void schedule(String key) {
        var pod = cluster.unassignedPod(key);
        if (pod == null
                || pod.getMetadata().getDeletionTimestamp() != null
                || pod.getSpec().getNodeName() != null
                || finished(pod)) {
            queue.done(key);
            return;
        }
        if (!Names.SCHEDULER_NAME.equals(pod.getSpec().getSchedulerName())) {
            pod = adopt(pod);
            if (pod == null) {
                queue.done(key);
                return;
            }
        }
        if (pod.getSpec().getSchedulingGates() != null
                && !pod.getSpec().getSchedulingGates().isEmpty()) {
            queue.done(key);
            return;
        }
        var existing =
                client.resources(Machine.class)
                        .withName(Names.machine(pod.getMetadata().getUid()))
                        .get();
        if (existing != null && existing.getMetadata().getDeletionTimestamp() != null) {
            // Its name is taken until the host has taken it down.
            queue.retry(key);
            return;
        }
        if (existing != null) {
            bindLater(pod, existing);
            return;
        }
        place(key, pod);
    }

    private static boolean finished(Pod pod) {
        var phase = pod.getStatus() == null ? "" : pod.getStatus().getPhase();
        return "Succeeded".equals(phase) || "Failed".equals(phase);
    }

    private void place(String key, Pod pod) {
        var refusals =
                Refusals.check(
                        PodShapes.of(
                                pod.getSpec(),
                                pod.getMetadata().getName(),
                                claim -> reads.claim(pod.getMetadata().getNamespace(), claim)));
        if (!refusals.isEmpty()) {
            hold(key, pod, "POD_UNSUPPORTED_ON_FARGATE", Refusals.eksMessage(refusals));
            return;
        }
        switch (PodSizing.provision(pod.getSpec(), overhead)) {
            case Provisioned.TooLarge tooLarge ->
                    hold(key, pod, "POD_UNSUPPORTED_ON_FARGATE", tooLarge.message());
            case Provisioned.Fits fits -> place(key, pod, fits.size());
        }
    }

    private void place(String key, Pod pod, Size size) {
        var profile = labels(pod).getOrDefault(Names.PROFILE_LABEL, "");
        var snapshot = ledger.snapshot();
        var request =
                new Placer.Request(
                        profile, size, labels -> NodeTerms.accepts(pod.getSpec(), labels));
        switch (placer.place(request, snapshot)) {
            case Decision.Held held -> hold(key, pod, "Unschedulable", held.message());
            case Decision.Placed placed -> {
                var machine = create(machine(pod, profile, size, placed));
                ledger.assume(machine);
                bindLater(pod, machine);
            }
        }
    }

    private void hold(String key, Pod pod, String reason, String message) {
        events.warning(pod, "FailedScheduling", message);
        conditions.notScheduled(pod, reason, message);
        queue.retry(key);
    }

    private static Machine machine(Pod pod, String profile, Size size, Decision.Placed placed) {
        var uid = pod.getMetadata().getUid();
        var subnet = placed.subnet();
        var machine = new Machine();
        machine.setMetadata(
                new ObjectMetaBuilder()
                        .withName(Names.machine(uid))
                        .addToLabels(Names.HOST_LABEL, placed.host())
                        .addToLabels(Names.PROFILE_LABEL, profile)
                        .addToFinalizers(Names.AGENT_FINALIZER)
                        .build());
        machine.setSpec(
                new MachineSpec(
                        placed.host(),
                        new MachineSpec.PodReference(
                                pod.getMetadata().getNamespace(), pod.getMetadata().getName(), uid),
                        Names.node(placed.address(), subnet.region()),
                        profile,
                        new MachineSpec.Size(
                                size.cpu().value(), size.memory().value(), size.storage().value()),
                        new MachineSpec.Interface(
                                subnet.vpc(),
                                subnet.name(),
                                subnet.zone(),
                                placed.address(),
                                subnet.cidr().gateway(),
                                mac(placed.address()),
                                securityGroups(pod))));
        return machine;
    }

    /// As the webhook chose them when the pod was created; later changes of the annotation count no
    /// more. Absent for pods that no webhook saw: the cluster security group.
    private static @Nullable List<String> securityGroups(Pod pod) {
        var annotations = pod.getMetadata().getAnnotations();
        var chosen = annotations == null ? null : annotations.get(Names.SECURITY_GROUPS_ANNOTATION);
        return chosen == null || chosen.isBlank() ? null : List.of(chosen.split(","));
    }

    /// Locally administered, and as unique as the address.
    private static String mac(String address) {
        var number = Cidr.address(address);
        return "02:00:%02x:%02x:%02x:%02x"
                .formatted(number >> 24 & 255, number >> 16 & 255, number >> 8 & 255, number & 255);
    }

    private Machine create(Machine machine) {
        return ApiCall.unless(ApiCode.CONFLICT, () -> client.resource(machine).create())
                .orElseGet(() ->
                        Objects.requireNonNull(client.resource(machine).get(), "just existed"));
    }

    private void bindLater(Pod pod, Machine machine) {
        binders.execute(() -> {
            try {
                bind(pod, machine);
                queue.done(key(pod));
            } catch (RuntimeException e) {
                LOG.warn("{}: binding failed, will be retried: {}", key(pod), e.toString());
                queue.retry(key(pod));
            }
        });
    }

    private void bind(Pod pod, Machine machine) {
        var spec = machine.getSpec();
        var region = spec.nodeName().replaceFirst("^[^.]+\\.", "").replace(".compute.internal", "");
        createNode(machine, region);
        var binding =
                new BindingBuilder()
                        .withNewMetadata()
                        .withName(pod.getMetadata().getName())
                        .withNamespace(pod.getMetadata().getNamespace())
                        .withUid(pod.getMetadata().getUid())
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
                        .formatted(pod.getMetadata().getNamespace(), pod.getMetadata().getName());
        var unused =
                ApiCall.ignoring(
                        ApiCode.CONFLICT,
                        () -> client.raw(path, "POST", Serialization.asJson(binding)));
        events.warning(
                pod,
                "LoggingDisabled",
                "Disabled logging because aws-logging configmap was not found. configmap"
                        + " \"aws-logging\" not found");
        events.normal(
                pod,
                "Scheduled",
                "Successfully assigned %s to %s".formatted(key(pod), spec.nodeName()));
        LOG.info(
                "{} runs as {} on {} at {}",
                key(pod),
                machine.getMetadata().getName(),
                spec.host(),
                spec.network().address());
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

    /// A pod of the default scheduler that only the missing profile held back is taken over,
    /// further than EKS goes (row F7). Null when it is none of ours.
    private @Nullable Pod adopt(Pod pod) {
        var annotations =
                Objects.requireNonNullElse(
                        pod.getMetadata().getAnnotations(), Map.<String, String>of());
        var owners =
                Objects.requireNonNullElse(
                        pod.getMetadata().getOwnerReferences(), List.<OwnerReference>of());
        if (!"default-scheduler".equals(pod.getSpec().getSchedulerName())
                || "false".equals(annotations.get(ADOPT))
                || owners.stream().anyMatch(owner -> owner.getKind().equals("DaemonSet"))) {
            return null;
        }
        var match =
                ProfileMatching.choose(
                        List.copyOf(ledger.snapshot().profiles().values()),
                        pod.getMetadata().getNamespace(),
                        labels(pod),
                        annotations);
        if (!(match instanceof Match.Selected selected)
                || !(PodSizing.provision(pod.getSpec(), overhead)
                        instanceof Provisioned.Fits fits)) {
            return null;
        }
        var refusals =
                Refusals.check(
                        PodShapes.of(
                                pod.getSpec(),
                                pod.getMetadata().getName(),
                                claim -> reads.claim(pod.getMetadata().getNamespace(), claim)));
        if (!refusals.isEmpty()) {
            events.warning(pod, "FailedScheduling", Refusals.eksMessage(refusals));
            return null;
        }
        return client.pods()
                .resource(pod)
                .edit(fresh -> {
                    fresh.getMetadata()
                            .getLabels()
                            .put(Names.PROFILE_LABEL, selected.profile().name());
                    fresh.getMetadata()
                            .getAnnotations()
                            .put(Names.CAPACITY_ANNOTATION, fits.size().annotation());
                    return fresh;
                });
    }

    private static Map<String, String> labels(Pod pod) {
        return Objects.requireNonNullElse(pod.getMetadata().getLabels(), Map.of());
    }

    private static String key(Pod pod) {
        return pod.getMetadata().getNamespace() + "/" + pod.getMetadata().getName();
    }
}
