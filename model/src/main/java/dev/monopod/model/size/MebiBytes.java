package dev.monopod.model.size;

/// A never negative amount of memory or storage, in MiB.
public record MebiBytes(long value) implements Comparable<MebiBytes> {
    public static final MebiBytes ZERO = new MebiBytes(0);
    private static final long BYTES = 1024 * 1024;

    public MebiBytes {
        if (value < 0) {
            throw new IllegalArgumentException("Bytes must not be negative, are " + value + " MiB");
        }
    }

    /// This many GiB.
    public static MebiBytes gibi(long count) {
        return new MebiBytes(Math.multiplyExact(count, 1024L));
    }

    /// This many bytes, rounded up to the next MiB.
    public static MebiBytes ofBytes(long bytes) {
        return new MebiBytes(bytes / BYTES + (bytes % BYTES == 0 ? 0 : 1));
    }

    /// The number of bytes.
    public long bytes() {
        return Math.multiplyExact(value, BYTES);
    }

    /// The sum; saturates instead of overflowing.
    public MebiBytes plus(MebiBytes other) {
        return new MebiBytes(Saturated.add(value, other.value));
    }

    /// The greater of both.
    public MebiBytes max(MebiBytes other) {
        return value >= other.value ? this : other;
    }

    @Override
    public int compareTo(MebiBytes other) {
        return Long.compare(value, other.value);
    }

    /// `0.5GB`, as EKS writes GiB, with as many decimals as it takes.
    @Override
    public String toString() {
        return Saturated.decimal(value, 1024) + "GB";
    }
}
