package dev.monopod.agent.pod.worker;

import dev.monopod.agent.pod.api.PodApi;
import dev.monopod.agent.pod.container.ContainerRunner;
import dev.monopod.agent.pod.container.GuestWatch;
import dev.monopod.agent.pod.container.ProbeRunner;
import dev.monopod.agent.pod.life.ContainerRecord;
import dev.monopod.agent.pod.life.LastResort;
import dev.monopod.agent.pod.life.PodEffect;
import dev.monopod.agent.pod.life.PodInput;
import dev.monopod.agent.pod.life.PodMachine;
import dev.monopod.agent.pod.life.PodRecord;
import dev.monopod.agent.pod.life.PodState;
import dev.monopod.agent.pod.life.Resumption;
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
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
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
    private final Resumption how;
    private final Optional<RuntimeException> stumble;
    private final ContainerLogs logs;
    private final ProbeRunner probes;
    private final ContainerRunner runner;
    private final GuestWatch watch;
    private final PodStatusWriter status;
    private final CountDownLatch gone = new CountDownLatch(1);
    private final CountDownLatch startupDone = new CountDownLatch(1);
    private volatile Optional<Future<?>> startup = Optional.empty();
    private volatile PodState state;
    private volatile Runnable ended = () -> {};
    private volatile Consumer<RuntimeException> stumbled = _ -> {};
    private boolean handedOver;

    /// @param stumble of the worker that had the pod before this one, if it stumbled
    PodWorker(PodRuntime runtime, Resumption how, Optional<RuntimeException> stumble) {
        this.runtime = runtime;
        this.how = how;
        this.stumble = stumble;
        this.state = how.state();
        this.logs = new ContainerLogs(runtime);
        this.probes = new ProbeRunner(runtime);
        this.runner = new ContainerRunner(runtime, logs, probes);
        this.watch = new GuestWatch(runtime, logs, this::attempt);
        this.status = new PodStatusWriter(runtime);
        runtime.resize().follow(() -> this.state, () -> status.want(this.state));
    }

    /// @param whenGone called once nothing is left of the pod
    /// @param whenStumbled called when this worker could not go on, and has let go of the pod: it
    ///   has to be taken up again
    void start(Runnable whenGone, Consumer<RuntimeException> whenStumbled) {
        ended = whenGone;
        stumbled = whenStumbled;
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
        runtime.post(new PodInput.ObjectGone());
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
            // The end of a pod may have been noted down, and not been published.
            publish();
            judge(new PodInput.TakenUp(how.lost()));
            if (runtime.pod().getMetadata().getDeletionTimestamp() != null) {
                seen(runtime.pod());
            }
            while (state.stage() != PodState.Stage.REMOVED && !handedOver) {
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
        }
    }

    private void judge(PodInput input) throws InterruptedException {
        try {
            apply(PodMachine.step(state, input, runtime.services().clock().instant()));
            if (input instanceof PodInput.Started started) {
                runtime.resize().started(started.container(), started.attempt());
            }
        } catch (RuntimeException e) {
            LOG.error("{}: the pod's worker failed at {}", runtime.plan().display(), input, e);
            if (stumble.isEmpty()) {
                handOver(e);
            } else {
                giveUp(input, e);
            }
        }
    }

    private void apply(PodMachine.Step step) {
        if (!step.state().equals(state)) {
            save(step.state());
            state = step.state();
            publish();
        }
        step.effects().forEach(this::perform);
    }

    /// Lets go of the pod, and leaves its machine to the worker that takes it up from the record.
    private void handOver(RuntimeException cause) throws InterruptedException {
        handedOver = true;
        runtime.closeMachine();
        endStartup();
        runtime.close();
        stumbled.accept(cause);
    }

    /// The second worker stumbles too: the pod fails, and whatever else fails is only logged.
    private void giveUp(PodInput input, RuntimeException cause) {
        String message = "The pod's worker failed: " + cause;
        PodMachine.Step step =
                LastResort.step(state, input, message, runtime.services().clock().instant());
        if (!step.state().equals(state)) {
            state = step.state();
            publish();
            runtime.event(PodApi.EventType.Warning, LastResort.REASON, message);
            try {
                save(state);
            } catch (RuntimeException e) {
                LOG.error("{}: record not written", runtime.plan().display(), e);
            }
        }
        step.effects().forEach(this::perform);
    }

    /// What is known of the pod goes to the API server, unless that knows more.
    private void publish() {
        if (!(how instanceof Resumption.Forgotten)) {
            status.want(state);
        }
    }

    private Optional<VirtualMachine> recovered() {
        return how instanceof Resumption.Ongoing ? runtime.vm() : Optional.empty();
    }

    private int attempt(String container) {
        ContainerRecord known = state.containers().get(container);
        return known == null ? -1 : known.attempt();
    }

    private void startUp() {
        try {
            new PodStartup(runtime, recovered()).run();
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
        startup.ifPresent(task -> task.cancel(true));
        if (startup.isPresent() && !startupDone.await(STARTUP_END.toSeconds(), TimeUnit.SECONDS)) {
            LOG.error("{}: startup does not end", runtime.plan().display());
        }
    }

    private void perform(PodEffect effect) {
        switch (effect) {
            case PodEffect.StartUp() ->
                    startup = Optional.of(runtime.tasks().submit(this::startUp));
            case PodEffect.KeepNode() ->
                    runtime.run(
                            "keeping the Node", () -> runtime.services().nodes().keep(machine()));
            case PodEffect.ListContainers() ->
                    runtime.run(
                            "listing containers",
                            () ->
                                    GuestWatch.ids(runtime)
                                            .map(PodInput.GuestHas::new)
                                            .ifPresent(runtime::post));
            case PodEffect.WatchContainers() -> runtime.run("container watch", watch::run);
            case PodEffect.ResumeProbes(String name, int _, Instant startedAt) ->
                    probes.resume(state.container(name), startedAt);
            case PodEffect.AttemptOver(String name, int attempt) -> runner.ended(name, attempt);
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

    private void save(PodState next) {
        try {
            PodRecord.Facts facts =
                    new PodRecord.Facts(
                            runtime.machineName(),
                            runtime.vm().isPresent(),
                            runtime.images(),
                            runtime.disks());
            PodRecord.of(next, facts).write(runtime.directory());
        } catch (IOException e) {
            LOG.error("{}: record not written", runtime.plan().display(), e);
        }
    }

    private void powerOff() {
        try {
            tell(MachineStatus.Phase.Stopping);
            boolean answers = runtime.vm().map(VirtualMachine::alive).orElse(false);
            if (answers && !state.objectGone() && !LastResort.taken(state)) {
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
            if (!state.objectGone()) {
                status.flush(FLUSH);
            }
            while (true) {
                try {
                    if (!state.objectGone()) {
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
