package dev.monopod.model.time;

import java.time.Clock;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.function.LongSupplier;

/// A clock that never jumps: it begins with the wall clock and follows monotonic time from then on.
/// For waits, deadlines, back-offs and ages within one process; its instants mean nothing to anyone
/// else, since they differ from the wall clock's by whatever that was set. Thread-safe.
public final class SteadyClock extends Clock {
    private static final SteadyClock OF_PROCESS =
            new SteadyClock(InstantSource.system(), System::nanoTime, ZoneOffset.UTC);

    private final Instant origin;
    private final long originNanos;
    private final LongSupplier nanoTime;
    private final ZoneId zone;

    /// @param nanoTime as `System.nanoTime`
    SteadyClock(InstantSource wall, LongSupplier nanoTime, ZoneId zone) {
        this(wall.instant(), nanoTime.getAsLong(), nanoTime, zone);
    }

    private SteadyClock(Instant origin, long originNanos, LongSupplier nanoTime, ZoneId zone) {
        this.origin = origin;
        this.originNanos = originNanos;
        this.nanoTime = nanoTime;
        this.zone = zone;
    }

    /// The same clock for all of the process, so that instants of one part can be compared with
    /// those of another.
    public static SteadyClock ofProcess() {
        return OF_PROCESS;
    }

    @Override
    public Instant instant() {
        return origin.plusNanos(nanoTime.getAsLong() - originNanos);
    }

    @Override
    public ZoneId getZone() {
        return zone;
    }

    @Override
    public Clock withZone(ZoneId other) {
        return new SteadyClock(origin, originNanos, nanoTime, other);
    }
}
