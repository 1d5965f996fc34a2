package dev.monopod.host.program;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/// A long-lived child of this process.
final class StartedProcess implements Running {
    private final Process process;

    StartedProcess(Process process) {
        this.process = process;
    }

    @Override
    public long pid() {
        return process.pid();
    }

    @Override
    public boolean alive() {
        return process.isAlive();
    }

    @Override
    public boolean endsWithin(Duration limit) throws InterruptedException {
        return process.waitFor(limit.toNanos(), TimeUnit.NANOSECONDS);
    }

    @Override
    public void kill() {
        new ProcessGroup(process).kill();
    }
}
