package dev.monopod.model.size;

/// What something asks for, or has.
public record Resources(MilliCpu cpu, MebiBytes memory, MebiBytes storage) {
    public static final Resources NONE =
            new Resources(MilliCpu.ZERO, MebiBytes.ZERO, MebiBytes.ZERO);

    /// The sum, resource by resource.
    public Resources plus(Resources other) {
        return new Resources(
                cpu.plus(other.cpu), memory.plus(other.memory), storage.plus(other.storage));
    }

    /// The greater, resource by resource.
    public Resources max(Resources other) {
        return new Resources(
                cpu.max(other.cpu), memory.max(other.memory), storage.max(other.storage));
    }
}
