package dev.monopod.cli.status;

import dev.monopod.cli.terminal.Table;
import dev.monopod.cli.terminal.Text;
import dev.monopod.model.names.Names;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Taint;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Clock;

/// Tables like kubectl's.
public final class Overview {
    private Overview() {}

    public static String nodesAndPods(KubernetesClient client, Clock clock) {
        var nodes = new Table("NODE", "STATUS", "AGE", "INTERNAL-IP", "KERNEL", "TAINT");
        for (var node : client.nodes().list().getItems()) {
            nodes.row(
                    node.getMetadata().getName(),
                    ready(node) ? "Ready" : "NotReady",
                    Text.age(node.getMetadata().getCreationTimestamp(), clock),
                    internalAddress(node),
                    node.getStatus().getNodeInfo() == null
                            ? "-"
                            : Text.of(node.getStatus().getNodeInfo().getKernelVersion()),
                    node.getSpec().getTaints().stream()
                            .map(Overview::taint)
                            .findFirst()
                            .orElse("-"));
        }
        var pods = new Table("NAMESPACE", "POD", "PHASE", "AGE", "IP", "NODE", "CAPACITY");
        for (var pod : client.pods().inAnyNamespace().list().getItems()) {
            var annotations = pod.getMetadata().getAnnotations();
            pods.row(
                    pod.getMetadata().getNamespace(),
                    pod.getMetadata().getName(),
                    Text.of(pod.getStatus().getPhase()),
                    Text.age(pod.getMetadata().getCreationTimestamp(), clock),
                    Text.of(pod.getStatus().getPodIP()),
                    Text.of(pod.getSpec().getNodeName()),
                    annotations == null
                            ? "-"
                            : annotations.getOrDefault(Names.CAPACITY_ANNOTATION, "-"));
        }
        return nodes + "\n" + pods;
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
        return "%s=%s:%s".formatted(taint.getKey(), Text.of(taint.getValue()), taint.getEffect());
    }
}
