package dev.monopod.host.machine;

import dev.monopod.host.machine.Hypervisor.Accelerator;
import dev.monopod.host.machine.Hypervisor.MachineConfiguration;
import dev.monopod.host.machine.MachineCgroup.Share;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/// What machines get of the processors over their lives. Thread-safe.
final class MachineShares implements AutoCloseable {
    private static final long ONE_PROCESSOR = 1000;

    /// How long a machine starts at most, as far as its share of the processors goes.
    private static final Duration BOOST = Duration.ofSeconds(10);

    private final Accelerator accelerator;
    private final ScheduledExecutorService later =
            Executors.newSingleThreadScheduledExecutor(
                    Thread.ofPlatform().daemon().name("machine-shares").factory());

    MachineShares(Accelerator accelerator) {
        this.accelerator = accelerator;
    }

    /// A start takes as much processor time for a small machine as for a large one, and somebody
    /// waits for it.
    static Share starting(MachineConfiguration machine) {
        return Share.of(Math.max(ONE_PROCESSOR, machine.milliCpu()));
    }

    /// A machine that waited starts now.
    void start(MachineCgroup group, MachineConfiguration machine) {
        group.limit(starting(machine), accelerator);
        settleSoon(group, machine.milliCpu());
    }

    /// Once it has started, the machine gets what its size says.
    void settleSoon(MachineCgroup group, long milliCpu) {
        var unused =
                later.schedule(
                        () -> settle(group, milliCpu), BOOST.toMillis(), TimeUnit.MILLISECONDS);
    }

    /// @param milliCpu 0 if unknown: then nothing changes
    void settle(MachineCgroup group, long milliCpu) {
        if (milliCpu > 0) {
            group.limit(Share.of(milliCpu), accelerator);
        }
    }

    @Override
    public void close() {
        later.shutdownNow();
    }
}
