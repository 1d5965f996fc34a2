package dev.monopod.kube.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.kubernetes.api.model.Condition;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What the agent says of its host. Renewed at least every 10 s; see `heartbeat`.
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record HostStatus(
        @JsonPropertyDescription("vCPUs for machines, in thousandths, overcommitment included.")
                @Nullable Long capacityMilliCpu,
        @JsonPropertyDescription("Memory for machines, in MiB.")
                @Nullable Long capacityMemoryMebiBytes,
        @JsonPropertyDescription("Disk for machines, in MiB, overcommitment included.")
                @Nullable Long capacityStorageMebiBytes,
        @JsonPropertyDescription("kvm, or tcg: emulation without an isolation guarantee.")
                @Nullable String accelerator,
        @JsonPropertyDescription("Host's own address in the first VPC.") @Nullable String address,
        @JsonPropertyDescription(
                        "Address by which other hosts reach it; without one it is on its own.")
                @Nullable String underlayAddress,
        @JsonPropertyDescription("Kernel of the machines.") @Nullable String machineKernel,
        @JsonPropertyDescription("What a new machine would be made of.")
                @Nullable MachineVersions machineVersions,
        @JsonPropertyDescription("Version of the agent.") @Nullable String agentVersion,
        @JsonPropertyDescription("When the agent last spoke, RFC 3339.") @Nullable String heartbeat,
        @JsonPropertyDescription("Conditions: Ready, HardwareVirtualization, DiskPressure.")
                @Nullable List<Condition> conditions) {
    /// Type of the condition that keeps further machines away.
    public static final String DISK_PRESSURE = "DiskPressure";

    /// Whether the host's disk is nearly full, as its agent says.
    public boolean underDiskPressure() {
        return conditions != null
                && conditions.stream()
                        .anyMatch(condition ->
                                DISK_PRESSURE.equals(condition.getType())
                                        && "True".equals(condition.getStatus()));
    }
}
