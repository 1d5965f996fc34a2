package dev.monopod.agent.pod.worker;

import dev.monopod.agent.pod.life.LastResort;
import dev.monopod.agent.pod.life.PodState;
import dev.monopod.agent.pod.log.ContainerLogs;
import dev.monopod.agent.pod.scope.MachineHandle;
import dev.monopod.agent.pod.scope.PodScope;
import dev.monopod.agent.pod.scope.PodThreads;
import dev.monopod.agent.pod.scope.PodView;
import dev.monopod.agent.pod.status.PodStatusWriter;
import dev.monopod.host.machine.Hypervisor.VirtualMachine;
import dev.monopod.kube.api.MachineStatus;
import dev.monopod.model.loop.Loop;
import dev.monopod.model.loop.Pace;
import dev.monopod.protocol.guest.PowerOffRequest;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The end of a pod: its machine is switched off, then all that was made for it is removed. Each
/// call blocks its thread.
///
/// @param state of the pod at any moment
record PodEnd(
        PodView view,
        PodScope scope,
        MachineHandle handle,
        WorkerServices services,
        ContainerLogs logs,
        Supplier<PodState> state) {
    private static final Logger LOG = LoggerFactory.getLogger(PodEnd.class);
    private static final Duration LOGS = Duration.ofSeconds(120);
    private static final Duration LOGS_OF_DELETED = Duration.ofSeconds(10);
    private static final Duration POWER_OFF = Duration.ofSeconds(5);
    private static final Duration FLUSH = Duration.ofSeconds(10);
    private static final Pace REMOVAL =
            Pace.whenNudged().withRetries(Duration.ofSeconds(2), Duration.ofSeconds(10));

    /// Returns when the machine is off, or cannot be switched off.
    ///
    /// @param endStartup returns once nothing starts the machine any more
    void powerOff(PodScope.Task endStartup) {
        try {
            tell(MachineStatus.Phase.Stopping);
            boolean answers = handle.vm().map(VirtualMachine::alive).orElse(false);
            if (answers && !state.get().objectGone() && !LastResort.taken(state.get())) {
                logs.awaitAll(state.get().deletion().isPresent() ? LOGS_OF_DELETED : LOGS);
            }
            handle.channel()
                    .filter(_ -> answers)
                    .ifPresent(channel -> {
                        try {
                            channel.blocking(Duration.ofSeconds(2))
                                    .powerOff(PowerOffRequest.getDefaultInstance());
                        } catch (StatusRuntimeException e) {
                            // The answer may never arrive.
                        }
                    });
            scope.closeMachine();
            endStartup.run();
            handle.vm().ifPresent(vm -> vm.destroy(POWER_OFF));
            services.network().detach(view.machineName());
            tell(
                    state.get().failure().isPresent()
                                    && state.get().failure().get().reason().equals("MachineLost")
                            ? MachineStatus.Phase.Failed
                            : MachineStatus.Phase.Stopped);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException | Error e) {
            LOG.error("{}: powering off failed", view.plan().display(), e);
        }
    }

    /// The object of a pod that is deleted goes at once: nobody would read how its machine ended.
    private void tell(MachineStatus.Phase phase) {
        if (state.get().deletion().isPresent() || state.get().objectGone()) {
            return;
        }
        try {
            services.api()
                    .machineStatus(
                            view.machineName(),
                            new MachineStatus(
                                    phase,
                                    null,
                                    state.get()
                                            .failure()
                                            .map(PodState.Failure::message)
                                            .orElse(null),
                                    null,
                                    null,
                                    null,
                                    null));
        } catch (RuntimeException e) {
            LOG.warn(
                    "{}: failed to update the Machine's status: {}",
                    view.plan().display(),
                    e.toString());
        }
    }

    /// Has the API server delete the pod, if it is on this machine.
    ///
    /// @param otherwise the pod is bound to nothing, or elsewhere, or gone
    void evict(Runnable otherwise) {
        var plan = view.plan();
        var found = services.api().pod(plan.namespace(), plan.name(), plan.uid());
        if (found.filter(view::isBoundHere).isPresent()) {
            services.api().evictPod(view.pod());
        } else {
            otherwise.run();
        }
    }

    /// Waits a moment for the last status, then removes until nothing is left. Returns at once.
    void removeAll(PodThreads threads, PodStatusWriter status, Runnable whenGone) {
        var removal = new AtomicReference<Loop>();
        removal.set(
                services.loops()
                        .lastingOfPod(
                                "pod-removals",
                                view.plan().display() + " removal",
                                REMOVAL,
                                threads.named(signs -> {
                                    if (!state.get().objectGone()) {
                                        status.flush(FLUSH);
                                    }
                                    signs.works();
                                    remove();
                                    scope.close();
                                    whenGone.run();
                                    Objects.requireNonNull(removal.get()).close();
                                })));
        Objects.requireNonNull(removal.get()).start();
    }

    /// One try; returns when nothing is left of the pod, here and at the API server.
    ///
    /// @throws RuntimeException when something is left
    private void remove() throws IOException {
        if (!state.get().objectGone()) {
            services.api().deletePod(view.pod());
        }
        services.nodes().remove(view.machine());
        services.delivery().end(view.plan().uid(), view.directory());
        PodDirectories.delete(view.directory());
        services.api().removeMachine(view.machineName());
    }
}
