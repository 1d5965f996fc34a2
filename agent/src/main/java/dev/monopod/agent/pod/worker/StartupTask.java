package dev.monopod.agent.pod.worker;

import dev.monopod.agent.pod.life.PodInput;
import dev.monopod.agent.pod.life.Resumption;
import dev.monopod.agent.pod.scope.MachineHandle;
import dev.monopod.agent.pod.scope.PodReports;
import dev.monopod.agent.pod.scope.PodScope;
import dev.monopod.agent.pod.scope.PodView;
import dev.monopod.host.machine.Hypervisor.VirtualMachine;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Brings a pod's machine up on a thread of its own, once, and can be ended. Thread-safe.
final class StartupTask {
    private static final Logger LOG = LoggerFactory.getLogger(StartupTask.class);
    private static final Duration END = Duration.ofSeconds(60);

    private final PodView view;
    private final PodScope scope;
    private final PodReports reports;
    private final MachineHandle handle;
    private final WorkerServices services;
    private final Resumption how;
    private final CountDownLatch done = new CountDownLatch(1);
    private volatile Optional<Future<?>> task = Optional.empty();

    StartupTask(
            PodView view,
            PodScope scope,
            PodReports reports,
            MachineHandle handle,
            WorkerServices services,
            Resumption how) {
        this.view = view;
        this.scope = scope;
        this.reports = reports;
        this.handle = handle;
        this.services = services;
        this.how = how;
    }

    void begin() {
        task = Optional.of(scope.submit("startup", Executors.callable(this::run)));
    }

    /// What is being started is not started any more, or is known, when this returns.
    void end() throws InterruptedException {
        task.ifPresent(begun -> begun.cancel(true));
        if (task.isPresent() && !done.await(END.toSeconds(), TimeUnit.SECONDS)) {
            LOG.error("{}: startup has not ended in time", view.plan().display());
        }
    }

    private void run() {
        var recovered =
                how instanceof Resumption.Ongoing ? handle.vm() : Optional.<VirtualMachine>empty();
        try {
            new PodStartup(view, scope, reports, handle, services, recovered).run();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException | Error e) {
            if (!scope.closed()) {
                LOG.error("{}: startup failed", view.plan().display(), e);
                reports.post(new PodInput.MachineLost("startup failed: " + e.getMessage()));
            }
        } finally {
            done.countDown();
        }
    }
}
