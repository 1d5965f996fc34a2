package dev.monopod.model.size;

/// What is added to the memory that containers request before the size is chosen.
public enum MemoryOverhead {
    /// As EKS does for its kubelet and runtime.
    EKS_256_MIB(new MebiBytes(256)),
    /// Monopod's own overhead lies outside the size.
    NONE(MebiBytes.ZERO);

    private final MebiBytes memory;

    MemoryOverhead(MebiBytes memory) {
        this.memory = memory;
    }

    /// The amount added.
    public MebiBytes memory() {
        return memory;
    }
}
