package dev.monopod.agent.node;

import dev.monopod.kube.api.Machine;
import dev.monopod.model.names.Defaults;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Renders the status of a machine's Node: what was provisioned, and nothing of the host.
///
/// @param kernel release of the guest's kernel; empty with `bootId`: stays as it is
record NodeStatusView(Machine machine, String kernel, String bootId, String version) {
    static final String KUBELET_VERSION = "v1.36.3-monopod";

    Map<String, Object> render(Instant since, Instant now) {
        var size = machine.getSpec().size();
        Map<String, Object> capacity = new LinkedHashMap<>();
        capacity.put("cpu", size.milliCpu() + "m");
        capacity.put("memory", size.memoryMebiBytes() + "Mi");
        capacity.put("ephemeral-storage", size.storageMebiBytes() + "Mi");
        capacity.put("pods", "1");
        Map<String, Object> information = new LinkedHashMap<>();
        information.put("architecture", "amd64");
        information.put("operatingSystem", "linux");
        if (!bootId.isEmpty()) {
            information.put("bootID", bootId);
            information.put("kernelVersion", kernel);
        }
        information.put("machineID", machine.getMetadata().getName());
        information.put("systemUUID", machine.getSpec().pod().uid());
        information.put("osImage", "Monopod guest");
        information.put("containerRuntimeVersion", "monopod://" + version);
        information.put("kubeletVersion", KUBELET_VERSION);
        information.put("kubeProxyVersion", "");
        Map<String, Object> status = new LinkedHashMap<>();
        status.put("capacity", capacity);
        status.put("allocatable", capacity);
        status.put("nodeInfo", information);
        status.put(
                "addresses",
                List.of(
                        Map.of(
                                "type",
                                "InternalIP",
                                "address",
                                machine.getSpec().network().address()),
                        Map.of(
                                "type",
                                "Hostname",
                                "address",
                                machine.getSpec().nodeName().replaceFirst("^fargate-", ""))));
        status.put(
                "daemonEndpoints",
                Map.of("kubeletEndpoint", Map.of("Port", Defaults.KUBELET_PORT)));
        status.put(
                "conditions",
                List.of(
                        condition(
                                "MemoryPressure",
                                "False",
                                "KubeletHasSufficientMemory",
                                since,
                                now),
                        condition("DiskPressure", "False", "KubeletHasNoDiskPressure", since, now),
                        condition("PIDPressure", "False", "KubeletHasSufficientPID", since, now),
                        condition("Ready", "True", "KubeletReady", since, now)));
        return status;
    }

    private Map<String, Object> condition(
            String type, String status, String reason, Instant since, Instant now) {
        Map<String, Object> condition = new LinkedHashMap<>();
        condition.put("type", type);
        condition.put("status", status);
        condition.put("reason", reason);
        condition.put("message", type.equals("Ready") ? answering() : "");
        condition.put("lastHeartbeatTime", now.truncatedTo(ChronoUnit.SECONDS).toString());
        condition.put("lastTransitionTime", since.truncatedTo(ChronoUnit.SECONDS).toString());
        return condition;
    }

    private String answering() {
        return bootId.isEmpty() ? "the agent answers" : "the guest answers";
    }
}
