package dev.monopod.kube.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import org.jspecify.annotations.Nullable;

/// What an operator asks of a host.
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record HostSpec(
        @JsonPropertyDescription(
                        "Zone that the host stands in; empty: it serves every zone of its region.")
                @Nullable String zone,
        @JsonPropertyDescription("No new machines here.") @Nullable Boolean unschedulable,
        @JsonPropertyDescription("vCPUs promised for each processor; default 1.")
                @Nullable Integer cpuOvercommit,
        @JsonPropertyDescription(
                        "Disk promised for each byte of it; default 1. Machines' disks are sparse.")
                @Nullable Integer storageOvercommit) {}
