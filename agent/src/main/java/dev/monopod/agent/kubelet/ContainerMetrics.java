package dev.monopod.agent.kubelet;

import dev.monopod.agent.kubelet.Families.Sample;
import dev.monopod.agent.kubelet.KubeletPods.PodStatistics;
import dev.monopod.host.network.HostNetwork.Traffic.Direction;
import dev.monopod.protocol.guest.ContainerEvents;
import dev.monopod.protocol.guest.ContainerStatistics;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.prometheus.metrics.model.snapshots.Labels;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/// `/metrics/cadvisor` with cAdvisor's names and label sets: the machine as `/`, its pod, its
/// containers. Pure.
final class ContainerMetrics {
    private static final String SCRATCH = "/dev/vda";
    private static final String KUBEPODS = "/kubepods/";

    private final Families families = new Families();

    private ContainerMetrics() {}

    static Families of(List<PodStatistics> pods, long missing) {
        var metrics = new ContainerMetrics();
        pods.forEach(metrics::pod);
        if (pods.size() == 1) {
            metrics.machine(pods.getFirst());
        }
        double error = missing > 0 ? 1 : 0;
        metrics.families.gauge(
                "container_scrape_error",
                "1 if there was an error while getting container metrics, 0 otherwise",
                new Sample(Labels.EMPTY, error));
        metrics.families.gauge(
                "machine_scrape_error",
                "1 if there was an error while getting machine metrics, 0 otherwise.",
                new Sample(Labels.EMPTY, error));
        return metrics.families;
    }

    private void machine(PodStatistics pod) {
        var labels = labels("/", "", "", "", "", "");
        var root = new CgroupMetrics(families, labels, pod.time());
        root.usage(pod.told().getMachine());
        root.specification(pod.told().getMachine(), pod.startTime());
        scratch(pod, labels, pod.told().getScratch().getUsedBytes());
        machineGauge("cpu_cores", "Number of logical CPU cores.", pod.told().getProcessors());
        machineGauge(
                "cpu_physical_cores", "Number of physical CPU cores.", pod.told().getProcessors());
        machineGauge("cpu_sockets", "Number of CPU sockets.", 1);
        machineGauge(
                "memory_bytes",
                "Amount of memory installed on the machine.",
                pod.told().getMachineMemoryTotalBytes());
        machineGauge("swap_bytes", "Amount of swap memory available on the machine.", 0);
    }

    private void machineGauge(String name, String help, double value) {
        families.gauge("machine_" + name, help, new Sample(Labels.EMPTY, value));
    }

    private void pod(PodStatistics pod) {
        var id = KUBEPODS + quality(pod) + "pod" + pod.uid();
        var labels = labels(id, "", "", pod.namespace(), pod.name(), "");
        var group = new CgroupMetrics(families, labels, pod.time());
        group.usage(pod.told().getPod());
        group.specification(pod.told().getPod(), pod.startTime());
        var ofInterface = labels.add("interface", PodStatistics.INTERFACE);
        pod.traffic()
                .ifPresent(traffic -> {
                    network(pod, ofInterface, "receive", "receiv", traffic.received());
                    network(pod, ofInterface, "transmit", "transmitt", traffic.sent());
                });
        for (var container : pod.told().getContainersList()) {
            container(pod, id, container);
        }
        for (var events : pod.told().getEventsList()) {
            events(pod, id, events);
        }
    }

    private void container(PodStatistics pod, String podId, ContainerStatistics container) {
        var labels = labels(pod, podId, container.getName(), container.getContainerId());
        var group = new CgroupMetrics(families, labels, pod.time());
        group.usage(container.getUsage());
        group.specification(
                container.getUsage(), PodStatistics.instant(container.getStartedUnixNanos()));
        scratch(
                pod,
                labels,
                Math.addExact(container.getRootUsedBytes(), container.getLogUsedBytes()));
    }

    /// Also of a container that is down between two attempts.
    private void events(PodStatistics pod, String podId, ContainerEvents events) {
        var id =
                pod.told().getContainersList().stream()
                        .filter(container -> container.getName().equals(events.getName()))
                        .map(ContainerStatistics::getContainerId)
                        .findFirst()
                        .or(() -> lastId(pod, events.getName()))
                        .orElse(events.getName());
        new CgroupMetrics(families, labels(pod, podId, events.getName(), id), pod.time())
                .oomEvents(events.getOomKills());
    }

    private static Optional<String> lastId(PodStatistics pod, String container) {
        var status = pod.pod().getStatus();
        return status == null
                ? Optional.empty()
                : Stream.concat(
                                status.getInitContainerStatuses().stream(),
                                status.getContainerStatuses().stream())
                        .filter(one -> one.getName().equals(container))
                        .map(ContainerStatus::getContainerID)
                        .filter(id -> id != null && id.contains("//"))
                        .map(id -> id.substring(id.indexOf("//") + 2))
                        .findFirst();
    }

    /// @param verb `receive` or `transmit`, and its stem before `ed` and `ing`
    private void network(
            PodStatistics pod, Labels labels, String verb, String stem, Direction counted) {
        network(pod, labels, verb + "_bytes", "bytes " + stem + "ed", counted.bytes());
        network(pod, labels, verb + "_packets", "packets " + stem + "ed", counted.packets());
        network(
                pod,
                labels,
                verb + "_packets_dropped",
                "packets dropped while " + stem + "ing",
                counted.dropped());
        network(
                pod,
                labels,
                verb + "_errors",
                "errors encountered while " + stem + "ing",
                counted.errors());
    }

    private void network(PodStatistics pod, Labels labels, String name, String what, long value) {
        families.counter(
                "container_network_" + name + "_total",
                "Cumulative count of " + what,
                new Sample(labels, value, pod.time()));
    }

    private void scratch(PodStatistics pod, Labels labels, long usedBytes) {
        var disk = pod.told().getScratch();
        var ofDevice = labels.add("device", SCRATCH);
        families.gauge(
                "container_fs_limit_bytes",
                "Number of bytes that can be consumed by the container on this filesystem.",
                new Sample(ofDevice, disk.getCapacityBytes(), pod.time()));
        families.gauge(
                "container_fs_usage_bytes",
                "Number of bytes that are consumed by the container on this filesystem.",
                new Sample(ofDevice, usedBytes, pod.time()));
        families.gauge(
                "container_fs_inodes_free",
                "Number of available Inodes",
                new Sample(ofDevice, disk.getInodesFree(), pod.time()));
        families.gauge(
                "container_fs_inodes_total",
                "Number of Inodes",
                new Sample(ofDevice, disk.getInodes(), pod.time()));
    }

    private static Labels labels(
            PodStatistics pod, String podId, String container, String containerId) {
        var image =
                Stream.concat(
                                pod.pod().getSpec().getInitContainers().stream(),
                                pod.pod().getSpec().getContainers().stream())
                        .filter(one -> one.getName().equals(container))
                        .map(Container::getImage)
                        .findFirst()
                        .orElse("");
        return labels(
                podId + "/" + containerId,
                image,
                containerId,
                pod.namespace(),
                pod.name(),
                container);
    }

    private static Labels labels(
            String id, String image, String name, String namespace, String pod, String container) {
        return Labels.of(
                "container", container,
                "id", id,
                "image", image,
                "name", name,
                "namespace", namespace,
                "pod", pod);
    }

    private static String quality(PodStatistics pod) {
        var status = pod.pod().getStatus();
        var quality = status == null || status.getQosClass() == null ? "" : status.getQosClass();
        return quality.isEmpty() || quality.equals("Guaranteed")
                ? ""
                : quality.toLowerCase(Locale.ROOT) + "/";
    }
}
