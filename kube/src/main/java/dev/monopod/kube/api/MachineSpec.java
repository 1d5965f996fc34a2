package dev.monopod.kube.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What the scheduler decided. Immutable.
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record MachineSpec(
        @JsonPropertyDescription("Host that carries the machine.") String host,
        @JsonPropertyDescription("The pod.") PodReference pod,
        @JsonPropertyDescription("Node that stands for the machine.") String nodeName,
        @JsonPropertyDescription("Profile that selected the pod.") String profile,
        @JsonPropertyDescription("Provisioned size.") Size size,
        @JsonPropertyDescription("Its network interface.") Interface network,
        @JsonPropertyDescription(
                        "What the pod keeps of ConfigMap aws-observability/aws-logging, by its keys; absent: its log is sent nowhere.")
                @Nullable Map<String, String> logging) {
    /// Of a pod whose log is sent nowhere.
    public MachineSpec(
            String host,
            PodReference pod,
            String nodeName,
            String profile,
            Size size,
            Interface network) {
        this(host, pod, nodeName, profile, size, network, null);
    }

    /// Which pod.
    public record PodReference(
            @JsonPropertyDescription("Namespace.") String namespace,
            @JsonPropertyDescription("Name.") String name,
            @JsonPropertyDescription("UID.") String uid) {}

    /// What was provisioned.
    public record Size(
            @JsonPropertyDescription("vCPUs in thousandths.") long milliCpu,
            @JsonPropertyDescription("Memory in MiB.") long memoryMebiBytes,
            @JsonPropertyDescription("Ephemeral storage in MiB.") long storageMebiBytes) {}

    /// Where it stands in the VPC.
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record Interface(
            @JsonPropertyDescription("VPC.") String vpc,
            @JsonPropertyDescription("Subnet.") String subnet,
            @JsonPropertyDescription("Zone.") String zone,
            @JsonPropertyDescription("IPv4 address of the pod.") String address,
            @JsonPropertyDescription("Next hop: the subnet's first address.") String gateway,
            @JsonPropertyDescription("MAC address, locally administered.") String mac,
            @JsonPropertyDescription("Security groups; absent: the VPC's cluster security group.")
                    @Nullable List<String> securityGroups) {

        /// With the VPC's cluster security group.
        public Interface(
                String vpc,
                String subnet,
                String zone,
                String address,
                String gateway,
                String mac) {
            this(vpc, subnet, zone, address, gateway, mac, null);
        }
    }
}
