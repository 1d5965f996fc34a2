package dev.monopod.cli;

import dev.monopod.model.names.Names;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Taint;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// Tables like kubectl's.
final class Overview {
    private Overview() {}

    static String nodesAndPods(KubernetesClient client) {
        Table nodes = new Table("NODE", "STATUS", "AGE", "INTERNAL-IP", "KERNEL", "TAINT");
        for (Node node : client.nodes().list().getItems()) {
            nodes.row(
                    node.getMetadata().getName(),
                    ready(node) ? "Ready" : "NotReady",
                    age(node.getMetadata().getCreationTimestamp()),
                    internalAddress(node),
                    node.getStatus().getNodeInfo() == null
                            ? "-"
                            : text(node.getStatus().getNodeInfo().getKernelVersion()),
                    node.getSpec().getTaints().stream()
                            .map(Overview::taint)
                            .findFirst()
                            .orElse("-"));
        }
        Table pods = new Table("NAMESPACE", "POD", "PHASE", "AGE", "IP", "NODE", "CAPACITY");
        for (Pod pod : client.pods().inAnyNamespace().list().getItems()) {
            var annotations = pod.getMetadata().getAnnotations();
            pods.row(
                    pod.getMetadata().getNamespace(),
                    pod.getMetadata().getName(),
                    text(pod.getStatus().getPhase()),
                    age(pod.getMetadata().getCreationTimestamp()),
                    text(pod.getStatus().getPodIP()),
                    text(pod.getSpec().getNodeName()),
                    annotations == null
                            ? "-"
                            : annotations.getOrDefault(Names.CAPACITY_ANNOTATION, "-"));
        }
        return nodes + "\n" + pods;
    }

    /// `42s`, `3m`, `5h`, `2d`.
    static String age(@Nullable String timestamp) {
        if (timestamp == null) {
            return "-";
        }
        Duration age = Duration.between(Instant.parse(timestamp), Instant.now());
        if (age.toSeconds() < 120) {
            return Math.max(0, age.toSeconds()) + "s";
        }
        if (age.toMinutes() < 120) {
            return age.toMinutes() + "m";
        }
        return age.toHours() < 48 ? age.toHours() + "h" : age.toDays() + "d";
    }

    static String text(@Nullable Object value) {
        return value == null || value.toString().isEmpty() ? "-" : value.toString();
    }

    private static boolean ready(Node node) {
        return node.getStatus().getConditions().stream()
                .anyMatch(it -> "Ready".equals(it.getType()) && "True".equals(it.getStatus()));
    }

    private static String internalAddress(Node node) {
        return node.getStatus().getAddresses().stream()
                .filter(address -> "InternalIP".equals(address.getType()))
                .map(address -> address.getAddress())
                .findFirst()
                .orElse("-");
    }

    private static String taint(Taint taint) {
        return "%s=%s:%s".formatted(taint.getKey(), text(taint.getValue()), taint.getEffect());
    }
}
