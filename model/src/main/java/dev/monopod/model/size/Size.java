package dev.monopod.model.size;

/// What a machine is given: a row of EKS' table, and its ephemeral storage.
public record Size(MilliCpu cpu, MebiBytes memory, MebiBytes storage) {
    /// Value of the pod annotation `CapacityProvisioned`, for example `0.25vCPU 0.5GB`.
    public String annotation() {
        return cpu + " " + memory;
    }
}
