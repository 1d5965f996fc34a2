package dev.monopod.model.size;

/// A never negative amount of CPU, in thousandths of a vCPU.
public record MilliCpu(long value) implements Comparable<MilliCpu> {
    public static final MilliCpu ZERO = new MilliCpu(0);

    public MilliCpu {
        if (value < 0) {
            throw new IllegalArgumentException("CPU must not be negative, is " + value + "m");
        }
    }

    /// The sum; saturates instead of overflowing.
    public MilliCpu plus(MilliCpu other) {
        return new MilliCpu(Saturated.add(value, other.value));
    }

    /// The greater of both.
    public MilliCpu max(MilliCpu other) {
        return value >= other.value ? this : other;
    }

    @Override
    public int compareTo(MilliCpu other) {
        return Long.compare(value, other.value);
    }

    /// `0.25vCPU`, with as many decimals as it takes.
    @Override
    public String toString() {
        return Saturated.decimal(value, 1000) + "vCPU";
    }
}
