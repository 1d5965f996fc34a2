import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.Watch;
import io.fabric8.kubernetes.client.Watcher;
import io.fabric8.kubernetes.client.WatcherException;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// One of the two that are compared: a namespace, the pods made there, and when a watch told of each step of theirs.
final class Side implements AutoCloseable {
    enum Step {
        CREATE_SENT,
        CREATE_ANSWERED,
        SCHEDULED,
        RUNNING,
        READY,
        DELETE_SENT,
        GONE
    }

    final String name;
    private final String namespace;
    private final String image;
    private final KubernetesClient client;
    private final Watch watch;
    private final Map<String, Map<Step, Long>> times = new HashMap<>();
    private final Map<String, Pod> latest = new HashMap<>();
    private String watchEnded = "";

    Side(String name, String namespace, String image, KubernetesClient client) {
        this.name = name;
        this.namespace = namespace;
        this.image = image;
        this.client = client;
        this.watch = client.pods().inNamespace(namespace).watch(new Watcher<>() {
            @Override
            public void eventReceived(Action action, Pod pod) {
                arrived(action, pod, System.nanoTime());
            }

            @Override
            public void onClose(WatcherException why) {
                ended(String.valueOf(why));
            }
        });
    }

    void create(String pod) {
        create(pod, image);
    }

    void create(String pod, String image) {
        var wanted = new PodBuilder()
                .withNewMetadata()
                .withName(pod)
                .withNamespace(namespace)
                .endMetadata()
                .withNewSpec()
                .withTerminationGracePeriodSeconds(30L)
                .addNewToleration()
                .withKey("rival")
                .withOperator("Exists")
                .endToleration()
                .addNewContainer()
                .withName("main")
                .withImage(image)
                .withImagePullPolicy("IfNotPresent")
                .withCommand("sh", "-c", "trap 'exit 0' TERM; sleep 100000 & wait $!")
                .endContainer()
                .endSpec()
                .build();
        note(pod, Step.CREATE_SENT, System.nanoTime());
        client.pods().inNamespace(namespace).resource(wanted).create();
        note(pod, Step.CREATE_ANSWERED, System.nanoTime());
    }

    void delete(String pod) {
        note(pod, Step.DELETE_SENT, System.nanoTime());
        client.pods().inNamespace(namespace).withName(pod).delete();
    }

    /// @throws IllegalStateException if a pod ends first, the watch ends, or the time is over
    synchronized void await(Collection<String> pods, Step step, int seconds) throws InterruptedException {
        var end = System.nanoTime() + seconds * 1_000_000_000L;
        while (true) {
            var left = pods.stream()
                    .filter(pod -> !times.getOrDefault(pod, Map.of()).containsKey(step))
                    .toList();
            if (left.isEmpty()) {
                return;
            }
            for (var pod : left) {
                var phase = latest.containsKey(pod) ? latest.get(pod).getStatus().getPhase() : "";
                if (step != Step.GONE && ("Failed".equals(phase) || "Succeeded".equals(phase))) {
                    throw new IllegalStateException(name + ", pod " + pod + ": " + latest.get(pod).getStatus());
                }
            }
            if (!watchEnded.isEmpty()) {
                throw new IllegalStateException(name + ": the watch ended: " + watchEnded);
            }
            var millis = (end - System.nanoTime()) / 1_000_000;
            if (millis <= 0) {
                throw new IllegalStateException(name + ": not " + step + " within " + seconds + " s: " + left);
            }
            wait(millis);
        }
    }

    /// @return seconds from one step of a pod to another, as the client saw them
    synchronized double seconds(String pod, Step from, Step to) {
        return (times.get(pod).get(to) - times.get(pod).get(from)) / 1e9;
    }

    /// @return what the containers of a pod ended with, as far as a watch said so
    synchronized List<Integer> exitCodes(String pod) {
        return latest.get(pod).getStatus().getContainerStatuses().stream()
                .map(ContainerStatus::getState)
                .filter(state -> state.getTerminated() != null)
                .map(state -> state.getTerminated().getExitCode())
                .toList();
    }

    private synchronized void arrived(Watcher.Action action, Pod pod, long now) {
        var called = pod.getMetadata().getName();
        latest.put(called, pod);
        var status = pod.getStatus();
        for (var condition : status.getConditions()) {
            if ("True".equals(condition.getStatus())) {
                switch (condition.getType()) {
                    case "PodScheduled" -> note(called, Step.SCHEDULED, now);
                    case "Ready" -> note(called, Step.READY, now);
                    default -> {}
                }
            }
        }
        var containers = status.getContainerStatuses();
        if (!containers.isEmpty() && containers.stream().allMatch(each -> each.getState().getRunning() != null)) {
            note(called, Step.RUNNING, now);
        }
        if (action == Watcher.Action.DELETED) {
            note(called, Step.GONE, now);
        }
        notifyAll();
    }

    private synchronized void note(String pod, Step step, long now) {
        times.computeIfAbsent(pod, each -> new EnumMap<>(Step.class)).putIfAbsent(step, now);
    }

    private synchronized void ended(String why) {
        watchEnded = why;
        notifyAll();
    }

    @Override
    public void close() {
        watch.close();
    }
}
