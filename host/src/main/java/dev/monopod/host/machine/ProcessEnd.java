package dev.monopod.host.machine;

import dev.monopod.host.kernel.KernelException;
import dev.monopod.host.kernel.ProcessDescriptor;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The end of one process, told by the kernel, whether the process is a child of this one or of an
/// earlier agent. One platform thread waits for it, since a native call blocks its thread; it ends
/// with the process. Thread-safe.
final class ProcessEnd {
    private static final Logger LOG = LoggerFactory.getLogger(ProcessEnd.class);

    /// Only for kernels that have no pidfd.
    private static final long LOOK_MILLIS = 50;

    private static final long STACK_BYTES = 1 << 16;

    private final MachineProcess process;
    private final CountDownLatch ended = new CountDownLatch(1);

    private ProcessEnd(MachineProcess process) {
        this.process = process;
    }

    static ProcessEnd of(MachineProcess process) {
        var end = new ProcessEnd(process);
        Thread.ofPlatform()
                .daemon()
                .stackSize(STACK_BYTES)
                .name("end of process " + process.pid())
                .start(end::await);
        return end;
    }

    /// Whether it came in this time.
    boolean within(Duration patience) throws InterruptedException {
        return ended.await(Math.max(0, patience.toNanos()), TimeUnit.NANOSECONDS);
    }

    private void await() {
        try (var descriptor = ProcessDescriptor.open(process.pid())) {
            // What was opened may be a later process of that number; then this one has ended.
            if (process.alive()) {
                descriptor.awaitEnd();
            }
        } catch (KernelException e) {
            if (process.alive()) {
                LOG.debug("looks for the end of process {}: {}", process.pid(), e.getMessage());
                look();
            }
        } finally {
            ended.countDown();
        }
    }

    private void look() {
        try {
            while (process.alive()) {
                TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
