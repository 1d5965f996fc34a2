package dev.monopod.controller.machine;

import dev.monopod.controller.ClusterView;
import dev.monopod.kube.api.Machine;
import dev.monopod.kube.client.Events;
import dev.monopod.kube.mapping.PodPhases;
import dev.monopod.model.loop.Loop;
import dev.monopod.model.loop.Loops;
import dev.monopod.model.loop.Pace;
import dev.monopod.model.names.Names;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Answers, in the place of a kubelet, pods whose author wrote a Fargate node into `spec.nodeName`.
/// The node is another pod's, and no agent looks at them, so without this they would stay Pending
/// for ever. One thread does all.
public final class StrayPods implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(StrayPods.class);
    private static final Duration PERIOD = Duration.ofSeconds(5);

    private final KubernetesClient client;
    private final PodEnding ending;
    private final Supplier<List<Pod>> pods;
    private final Events events;
    private final Clock clock;
    private final Loop loop;

    public StrayPods(
            KubernetesClient client, ClusterView cluster, Events events, Loops loops, Clock clock) {
        this(
                client,
                () ->
                        Stream.concat(
                                        cluster.foreignPods().stream(),
                                        cluster.fargatePods().stream())
                                .toList(),
                events,
                loops,
                clock);
    }

    /// @param pods what a watch shows; it may lag
    StrayPods(
            KubernetesClient client,
            Supplier<List<Pod>> pods,
            Events events,
            Loops loops,
            Clock clock) {
        this.events = events;
        this.loop = loops.loop("stray-pods", Pace.every(PERIOD), this::sweep);
        this.client = client;
        this.ending = new PodEnding(client);
        this.pods = pods;
        this.clock = clock;
    }

    public void start() {
        loop.start();
    }

    @Override
    public void close() {
        loop.close();
    }

    void sweep() {
        for (var pod : pods.get()) {
            if (!suspect(pod)) {
                continue;
            }
            try {
                // A Machine is made before its pod is bound, so if there is none now, none was
                // made.
                if (client.resources(Machine.class).withName(machine(pod)).get() == null) {
                    answer(pod);
                }
            } catch (RuntimeException e) {
                // One that fails holds up no other.
                LOG.warn("failed to look after {}, retrying: {}", display(pod), e.toString());
            }
        }
    }

    /// On a Fargate node, and no kubelet has spoken of it yet.
    private static boolean suspect(Pod pod) {
        var node = pod.getSpec().getNodeName();
        var status = pod.getStatus();
        return node != null
                && node.startsWith(Names.NODE_PREFIX)
                && (status == null || (status.getStartTime() == null && !PodPhases.ended(pod)));
    }

    private void answer(Pod pod) {
        try {
            if (pod.getMetadata().getDeletionTimestamp() == null) {
                var answer = Rejection.of(pod);
                ending.status(pod, answer.status(pod, clock.instant()));
                events.warning(pod, answer.reason(), answer.message());
            } else {
                ending.deletion(pod);
            }
            LOG.info(
                    "{}: rejected, {} is another pod's", display(pod), pod.getSpec().getNodeName());
        } catch (KubernetesClientException e) {
            // Gone, or changed meanwhile: what the watch shows next is judged anew.
            LOG.debug("{}: {}", display(pod), e.toString());
        }
    }

    /// With which a kubelet rejects a pod.
    private record Rejection(String reason, String message) {
        static Rejection of(Pod pod) {
            var os = pod.getSpec().getOs();
            return os != null && !"linux".equals(os.getName())
                    ? new Rejection(
                            "PodOSNotSupported",
                            "Failed to admit pod as the OS field doesn't match node OS")
                    : new Rejection(
                            "OutOfpods",
                            "Node didn't have enough resource: pods, requested: 1, used: 1,"
                                    + " capacity: 1");
        }

        /// A merge patch.
        Map<String, Object> status(Pod pod, Instant now) {
            return Map.of(
                    "metadata",
                    Map.of(
                            "uid", pod.getMetadata().getUid(),
                            "resourceVersion", pod.getMetadata().getResourceVersion()),
                    "status",
                    Map.of(
                            "phase",
                            "Failed",
                            "reason",
                            reason,
                            "message",
                            "Pod was rejected: " + message,
                            "startTime",
                            now.truncatedTo(ChronoUnit.SECONDS).toString()));
        }
    }

    private static String machine(Pod pod) {
        return Names.machine(pod.getMetadata().getUid());
    }

    private static String display(Pod pod) {
        return pod.getMetadata().getNamespace() + "/" + pod.getMetadata().getName();
    }
}
