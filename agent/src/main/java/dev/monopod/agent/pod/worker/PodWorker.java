package dev.monopod.agent.pod.worker;

import dev.monopod.agent.pod.api.PodApi;
import dev.monopod.agent.pod.container.ContainerRunner;
import dev.monopod.agent.pod.container.GuestWatch;
import dev.monopod.agent.pod.container.ProbeRunner;
import dev.monopod.agent.pod.life.ContainerPhase;
import dev.monopod.agent.pod.life.ContainerRecord;
import dev.monopod.agent.pod.life.PodEffect;
import dev.monopod.agent.pod.life.PodInput;
import dev.monopod.agent.pod.life.PodMachine;
import dev.monopod.agent.pod.life.PodRecord;
import dev.monopod.agent.pod.life.PodState;
import dev.monopod.agent.pod.log.ContainerLogs;
import dev.monopod.agent.pod.pull.ImagePuller;
import dev.monopod.agent.pod.scope.Pauses;
import dev.monopod.agent.pod.scope.PodRuntime;
import dev.monopod.agent.pod.spec.ContainerPlan;
import dev.monopod.agent.pod.status.PodStatusWriter;
import dev.monopod.host.machine.Hypervisor.VirtualMachine;
import dev.monopod.kube.api.Machine;
import dev.monopod.kube.api.MachineStatus;
import dev.monopod.protocol.guest.PowerOffRequest;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Owns one pod: a single virtual thread takes inputs from the mailbox, lets [PodMachine] judge
/// them, notes the new state down, has it published, and performs the effects on threads of the
/// pod. Everything else only posts.
public final class PodWorker {
    private static final Logger LOG = LoggerFactory.getLogger(PodWorker.class);
    private static final Duration IDLE = Duration.ofMinutes(1);
    private static final Duration LOGS = Duration.ofSeconds(120);
    private static final Duration LOGS_OF_DELETED = Duration.ofSeconds(10);
    private static final Duration POWER_OFF = Duration.ofSeconds(5);
    private static final Duration FLUSH = Duration.ofSeconds(10);
    private static final Duration RETRY = Duration.ofSeconds(2);
    private static final Duration STARTUP_END = Duration.ofSeconds(60);

    private final PodRuntime runtime;
    private final Optional<VirtualMachine> recovered;
    private final Optional<String> lost;
    private final Set<String> left;
    private final ContainerLogs logs;
    private final ProbeRunner probes;
    private final ContainerRunner runner;
    private final GuestWatch watch;
    private final PodStatusWriter status;
    private final CountDownLatch gone = new CountDownLatch(1);
    private final CountDownLatch startupDone = new CountDownLatch(1);
    private volatile Future<?> startup = CompletableFuture.completedFuture("");
    private volatile PodState state;
    private volatile boolean podObjectGone;
    private volatile Runnable ended = () -> {};

    /// @param state fresh, or as restored from the pod's record
    /// @param recovered the machine that runs already
    /// @param lost why the machine that ran does not any more
    PodWorker(
            PodRuntime runtime,
            PodState state,
            Optional<VirtualMachine> recovered,
            Optional<String> lost) {
        this.runtime = runtime;
        this.lost = lost;
        this.state = state;
        this.recovered = recovered;
        this.left = recovered.isPresent() ? alive(state) : new HashSet<>();
        this.logs = new ContainerLogs(runtime);
        this.probes = new ProbeRunner(runtime);
        this.runner = new ContainerRunner(runtime, logs, probes);
        this.watch = new GuestWatch(runtime, logs, this::attempt);
        this.status = new PodStatusWriter(runtime);
        runtime.resize().follow(() -> this.state, () -> status.want(this.state));
    }

    /// @param whenGone called once nothing is left of the pod
    void start(Runnable whenGone) {
        ended = whenGone;
        Thread.ofVirtual().name("pod-" + runtime.plan().name()).start(this::own);
    }

    PodRuntime runtime() {
        return runtime;
    }

    PodState state() {
        return state;
    }

    Machine machine() {
        return runtime.machine();
    }

    /// The pod with the status that this host knows.
    Pod pod() {
        return new PodBuilder(runtime.pod()).withStatus(status.current()).build();
    }

    /// The pod's object changed.
    public void seen(Pod pod) {
        runtime.podSeen(pod);
        runtime.resize().seen();
        if (!runtime.plan().equals(state.plan())) {
            runtime.post(new PodInput.Changed(runtime.plan()));
        }
        if (pod.getMetadata().getDeletionTimestamp() != null) {
            Long grace = pod.getMetadata().getDeletionGracePeriodSeconds();
            runtime.post(new PodInput.Deletion(Duration.ofSeconds(grace == null ? 0 : grace)));
        } else if (state.stage() != PodState.Stage.OFF) {
            status.want(state);
        }
    }

    /// The pod's object certainly is gone: nothing is left to be graceful for.
    void podGone() {
        podObjectGone = true;
        runtime.post(new PodInput.Deletion(Duration.ZERO));
    }

    ContainerLogs logs() {
        return logs;
    }

    boolean awaitGone(Duration patience) throws InterruptedException {
        return gone.await(patience.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void own() {
        try {
            runtime.run("status", status::run);
            if (lost.isPresent()) {
                startupDone.countDown();
                runtime.run("keeping the Node", () -> runtime.services().nodes().keep(machine()));
                runtime.post(new PodInput.Bound());
                runtime.post(new PodInput.MachineLost(lost.get()));
            } else if (state.stage() != PodState.Stage.OFF) {
                status.want(state);
                startup = runtime.tasks().submit(this::startUp);
            } else {
                startupDone.countDown();
                runtime.run("keeping the Node", () -> runtime.services().nodes().keep(machine()));
            }
            if (runtime.pod().getMetadata().getDeletionTimestamp() != null) {
                seen(runtime.pod());
            }
            while (state.stage() != PodState.Stage.REMOVED) {
                Instant now = runtime.services().clock().instant();
                Duration patience =
                        PodMachine.nextTick(state, now)
                                .map(at -> Duration.between(now, at))
                                .filter(wait -> wait.compareTo(IDLE) < 0)
                                .orElse(IDLE);
                PodInput input = runtime.take(patience).orElseGet(PodInput.Tick::new);
                judge(input);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            LOG.error("{}: pod worker failed", runtime.plan().display(), e);
        }
    }

    private void judge(PodInput input) {
        PodMachine.Step step = PodMachine.step(state, input, runtime.services().clock().instant());
        boolean changed = !step.state().equals(state);
        state = step.state();
        if (changed) {
            save();
            status.want(state);
        }
        switch (input) {
            case PodInput.MachineReady() -> runtime.run("container watch", this::follow);
            case PodInput.Ended ended -> runner.ended(ended.container(), ended.attempt());
            case PodInput.Started started -> {
                runtime.resize().started(started.container(), started.attempt());
                resumeProbes(started);
            }
            default -> {}
        }
        step.effects().forEach(this::perform);
    }

    /// After a restart of the agent, containers that ran on are probed again; no hook is repeated.
    private void resumeProbes(PodInput.Started started) {
        ContainerRecord container = state.container(started.container());
        if (container.attempt() == started.attempt()
                && container.phase() instanceof ContainerPhase.Running
                && left.remove(container.name() + "/" + container.attempt())) {
            runtime.post(new PodInput.Hooked(container.name(), container.attempt()));
            probes.resume(container, started.at());
        }
    }

    /// The attempts that an earlier life of the agent left running, as far as it knew.
    private static Set<String> alive(PodState state) {
        return state.all().stream()
                .filter(ContainerRecord::alive)
                .map(container -> container.name() + "/" + container.attempt())
                .collect(Collectors.toCollection(HashSet::new));
    }

    private int attempt(String container) {
        ContainerRecord known = state.containers().get(container);
        return known == null ? -1 : known.attempt();
    }

    private void startUp() {
        try {
            new PodStartup(runtime, recovered).run();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            if (!runtime.closed()) {
                LOG.error("{}: startup failed", runtime.plan().display(), e);
                runtime.post(new PodInput.MachineLost("startup failed: " + e.getMessage()));
            }
        } finally {
            startupDone.countDown();
        }
    }

    /// What is being started is not started any more, or is known, when this returns.
    private void endStartup() throws InterruptedException {
        startup.cancel(true);
        if (!startupDone.await(STARTUP_END.toSeconds(), TimeUnit.SECONDS)) {
            LOG.error("{}: startup does not end", runtime.plan().display());
        }
    }

    private void follow() throws InterruptedException {
        if (recovered.isPresent()) {
            new Recovery(runtime, state).reconcile(GuestWatch.list(runtime));
        }
        watch.run();
    }

    private void perform(PodEffect effect) {
        switch (effect) {
            case PodEffect.PullImage(String name) -> {
                ContainerPlan plan = runtime.plan().container(name);
                runtime.run(
                        "pull of " + plan.spec().getImage(),
                        () -> new ImagePuller(runtime).bring(plan));
            }
            case PodEffect.StartContainer(String name, int attempt) -> {
                ContainerPlan plan = runtime.plan().container(name);
                runtime.run("start of " + name, () -> runner.start(plan, attempt));
            }
            case PodEffect.StopContainer stop -> {
                ContainerPlan plan = runtime.plan().container(stop.container());
                runtime.run("stop of " + plan.name(), () -> runner.stop(plan, stop));
            }
            case PodEffect.TakeTurn(String name, int attempt) -> runner.takeTurn(name, attempt);
            case PodEffect.Hasten(String name, int attempt, Duration grace) ->
                    runner.hasten(name, attempt, grace);
            case PodEffect.PodEvent(String reason, String message) ->
                    runtime.event(PodApi.EventType.Normal, reason, message);
            case PodEffect.BackOff(String name, String message) ->
                    runtime.event(
                            PodApi.EventType.Warning,
                            "BackOff",
                            message,
                            runtime.plan().container(name).fieldPath());
            case PodEffect.PowerOff() ->
                    Thread.ofVirtual()
                            .name("power-off-" + runtime.plan().name())
                            .start(this::powerOff);
            case PodEffect.Remove() ->
                    Thread.ofVirtual().name("remove-" + runtime.plan().name()).start(this::remove);
        }
    }

    private void save() {
        try {
            PodRecord.of(state, runtime).write(runtime.directory());
        } catch (IOException e) {
            LOG.error("{}: record not written", runtime.plan().display(), e);
        }
    }

    private void powerOff() {
        try {
            tell(MachineStatus.Phase.Stopping);
            boolean answers =
                    state.stage() != PodState.Stage.STARTING
                            && runtime.vm().map(VirtualMachine::alive).orElse(false);
            if (answers && !podObjectGone) {
                logs.awaitAll(state.deletion().isPresent() ? LOGS_OF_DELETED : LOGS);
            }
            runtime.channel()
                    .filter(_ -> answers)
                    .ifPresent(channel -> {
                        try {
                            channel.blocking(Duration.ofSeconds(2))
                                    .powerOff(PowerOffRequest.getDefaultInstance());
                        } catch (StatusRuntimeException e) {
                            // The answer may never arrive.
                        }
                    });
            runtime.closeMachine();
            endStartup();
            runtime.vm().ifPresent(vm -> vm.destroy(POWER_OFF));
            runtime.services().network().detach(runtime.machineName());
            tell(
                    state.failure().isPresent()
                                    && state.failure().get().reason().equals("MachineLost")
                            ? MachineStatus.Phase.Failed
                            : MachineStatus.Phase.Stopped);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            LOG.error("{}: powering off failed", runtime.plan().display(), e);
        } finally {
            runtime.post(new PodInput.MachineOff());
        }
    }

    private void tell(MachineStatus.Phase phase) {
        try {
            runtime.services()
                    .api()
                    .machineStatus(
                            runtime.machineName(),
                            new MachineStatus(
                                    phase,
                                    null,
                                    state.failure().map(PodState.Failure::message).orElse(null),
                                    null,
                                    null,
                                    null));
        } catch (RuntimeException e) {
            LOG.warn("{}: machine status not written: {}", runtime.plan().display(), e.toString());
        }
    }

    private void remove() {
        try {
            if (!podObjectGone) {
                status.flush(FLUSH);
            }
            while (true) {
                try {
                    if (!podObjectGone) {
                        runtime.services().api().deletePod(runtime.pod());
                    }
                    runtime.services().nodes().remove(runtime.machine());
                    PodDirectories.delete(runtime.directory());
                    runtime.services().api().removeMachine(runtime.machineName());
                    break;
                } catch (RuntimeException | IOException e) {
                    LOG.warn(
                            "{}: removal is tried again: {}",
                            runtime.plan().display(),
                            e.toString());
                    Pauses.pause(RETRY);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            runtime.close();
            ended.run();
            gone.countDown();
        }
    }
}
