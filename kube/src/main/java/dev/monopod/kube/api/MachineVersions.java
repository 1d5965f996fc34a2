package dev.monopod.kube.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;

/// What a machine is made of. Two machines with equal versions run the same programs.
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record MachineVersions(
        @JsonPropertyDescription("Release of the kernel, and the first 12 digits of its SHA-256.")
                String kernel,
        @JsonPropertyDescription("First 12 digits of the SHA-256 of the guest (its initramfs).")
                String guest,
        @JsonPropertyDescription("Version of QEMU, as it says itself.") String qemu) {}
