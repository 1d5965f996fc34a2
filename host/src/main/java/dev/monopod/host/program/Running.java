package dev.monopod.host.program;

import java.time.Duration;

/// A program that was started to go on for long. It is the leader of its session and group.
public interface Running {
    long pid();

    boolean alive();

    /// Waits for its end; tells whether it came in time.
    boolean endsWithin(Duration limit) throws InterruptedException;

    /// Kills its whole group at once.
    void kill();
}
