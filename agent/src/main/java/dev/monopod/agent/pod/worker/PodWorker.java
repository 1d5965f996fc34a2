package dev.monopod.agent.pod.worker;

import dev.monopod.agent.kubelet.KubeletPods.ProbeCount;
import dev.monopod.agent.pod.api.PodApi;
import dev.monopod.agent.pod.container.ContainerRunner;
import dev.monopod.agent.pod.container.GuestWatch;
import dev.monopod.agent.pod.container.ProbeRunner;
import dev.monopod.agent.pod.life.LastResort;
import dev.monopod.agent.pod.life.PodEffect;
import dev.monopod.agent.pod.life.PodInput;
import dev.monopod.agent.pod.life.PodMachine;
import dev.monopod.agent.pod.life.PodState;
import dev.monopod.agent.pod.life.Resumption;
import dev.monopod.agent.pod.log.ContainerLogs;
import dev.monopod.agent.pod.scope.MachineHandle;
import dev.monopod.agent.pod.scope.PodMailbox;
import dev.monopod.agent.pod.scope.PodReports;
import dev.monopod.agent.pod.scope.PodScope;
import dev.monopod.agent.pod.scope.PodThreads;
import dev.monopod.agent.pod.scope.PodView;
import dev.monopod.agent.pod.status.PodStatusWriter;
import dev.monopod.host.guest.GuestChannel;
import dev.monopod.host.image.ImageStore.ResolvedImage;
import dev.monopod.host.machine.Hypervisor.VirtualMachine;
import dev.monopod.kube.api.Machine;
import dev.monopod.kube.client.EventType;
import dev.monopod.model.loop.Loop;
import dev.monopod.model.loop.Pace;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Owns one pod: a single loop takes inputs from the mailbox, lets [PodMachine] judge them, notes
/// the new state down, has it published, and performs the effects on threads of the pod. Everything
/// else only posts.
public final class PodWorker {
    private static final Logger LOG = LoggerFactory.getLogger(PodWorker.class);
    private static final Duration IDLE = Duration.ofMinutes(1);

    private final PodView view;
    private final MachineHandle handle;
    private final WorkerServices services;
    private final PodThreads threads;
    private final PodScope scope;
    private final PodMailbox mailbox = new PodMailbox();
    private final PodReports reports;
    private final Resumption how;
    private final Optional<Throwable> stumble;
    private final ContainerLogs logs;
    private final ProbeRunner probes;
    private final PodParts parts;
    private final ContainerRunner runner;
    private final GuestWatch watch;
    private final PodStatusWriter status;
    private final PodEnd end;
    private final CountDownLatch gone = new CountDownLatch(1);
    private final StartupTask startup;
    private final RecordKeeper records;
    private final HeldEffects held;
    private volatile PodState state;
    private volatile Optional<Loop> owner = Optional.empty();
    private volatile Runnable ended = () -> {};
    private volatile Consumer<Throwable> stumbled = _ -> {};
    private boolean handedOver;

    /// Whether this worker has noted down anything. Of the owner's thread.
    private boolean noted;

    /// @param stumble of the worker that had the pod before this one, if it stumbled
    PodWorker(
            PodView view,
            MachineHandle handle,
            WorkerServices services,
            Resumption how,
            Optional<Throwable> stumble) {
        this.view = view;
        this.handle = handle;
        this.services = services;
        this.how = how;
        this.stumble = stumble;
        this.state = how.state();
        this.threads = new PodThreads(view.plan().display(), view.machineName());
        this.scope =
                new PodScope(view.plan().display(), threads, services.clocks(), services.loops());
        scope.whenClosing(handle::disconnect);
        this.reports = new PodReports(mailbox, view, scope, services.api());
        this.records = new RecordKeeper(view, handle, scope, reports);
        this.held = new HeldEffects(records, this::perform);
        this.logs = new ContainerLogs(view, scope, handle);
        this.probes = new ProbeRunner(view, scope, reports, handle, RandomGenerator.getDefault());
        this.parts = new PodParts(view, scope, reports, handle, services);
        this.runner = parts.runner(logs, probes);
        this.watch = new GuestWatch(view, scope, reports, handle, logs, this::attempt);
        this.status = new PodStatusWriter(view, scope, handle, services.api());
        this.startup = new StartupTask(view, scope, reports, handle, services, how);
        this.end = new PodEnd(view, scope, handle, services, logs, () -> this.state);
        view.grant(state.resize().granted());
        // Before anything that a watch tells.
        mailbox.post(new PodInput.TakenUp(how.lost()));
    }

    /// @param whenGone called once nothing is left of the pod
    /// @param whenStumbled called when this worker could not go on, and has let go of the pod: it
    ///   has to be taken up again
    void start(Runnable whenGone, Consumer<Throwable> whenStumbled) {
        ended = whenGone;
        stumbled = whenStumbled;
        status.start();
        // The end of a pod may have been noted down, and not been published.
        publish();
        if (view.pod().getMetadata().getDeletionTimestamp() != null) {
            seen(view.pod());
        }
        var itself =
                services.loops()
                        .lastingOfPod(
                                "pods",
                                view.plan().display(),
                                Pace.whenNudged(),
                                threads.named(this::own));
        owner = Optional.of(itself);
        itself.start();
    }

    PodView view() {
        return view;
    }

    /// @throws IllegalStateException before the guest answered
    GuestChannel guest() {
        return handle.guest();
    }

    /// The same, after a wait of at most so long.
    GuestChannel awaitGuest(Duration patience) throws InterruptedException {
        return handle.awaitGuest(patience);
    }

    /// Whether nothing is left to be told of the pod.
    boolean gone() {
        return scope.gone();
    }

    /// Image disks that the pod has, or will be given.
    Set<Path> imageDisks() {
        return handle.images().values().stream()
                .map(ResolvedImage::disk)
                .collect(Collectors.toSet());
    }

    List<ProbeCount> probeCounts() {
        return probes.tally().of(view.pod());
    }

    /// The Machine goes. A pod that is on it is deleted, in the ordinary way; one that is not bound
    /// yet stays for the scheduler, which made the Machine for what the pod is no more.
    void evictSoon() {
        scope.insist("eviction", () -> end.evict(this::podGone));
    }

    /// Asks the API server for the pod: what happened before its worker was known is not missed.
    void lookSoon() {
        scope.insist("look at the pod", () -> look(services.api()));
    }

    /// The machine, for a worker that takes the pod up after this one.
    Optional<VirtualMachine> vm() {
        return handle.vm();
    }

    /// Asks the API server for the pod, in case a watch has not told of it. One that it does not
    /// have runs on until that can be believed.
    ///
    /// @throws RuntimeException when it does not answer
    void look(PodApi api) {
        api.pod(view.plan().namespace(), view.plan().name(), view.plan().uid())
                .ifPresentOrElse(
                        this::seen,
                        () -> {
                            if (off() || api.believable(view.machineName())) {
                                podGone();
                            }
                        });
    }

    PodState state() {
        return state;
    }

    /// Its machine has ended: nothing is left to be careful with.
    boolean off() {
        return state.stage() == PodState.Stage.OFF;
    }

    Machine machine() {
        return view.machine();
    }

    /// The pod with the status that this host knows.
    Pod pod() {
        return new PodBuilder(view.pod()).withStatus(status.current()).build();
    }

    /// The pod's object changed.
    public void seen(Pod pod) {
        view.seen(pod);
        if (!view.plan().equals(state.plan())) {
            reports.post(new PodInput.Changed(view.plan()));
        }
        if (pod.getMetadata().getDeletionTimestamp() != null) {
            var grace = pod.getMetadata().getDeletionGracePeriodSeconds();
            reports.post(new PodInput.Deletion(Duration.ofSeconds(grace == null ? 0 : grace)));
        } else if (state.stage() != PodState.Stage.OFF) {
            status.want(state);
        }
    }

    /// The pod's object certainly is gone: nothing is left to be graceful for.
    void podGone() {
        reports.post(new PodInput.ObjectGone());
    }

    /// Something happened to the pod.
    void post(PodInput input) {
        reports.post(input);
    }

    ContainerLogs logs() {
        return logs;
    }

    boolean awaitGone(Duration patience) throws InterruptedException {
        return gone.await(patience.toMillis(), TimeUnit.MILLISECONDS);
    }

    /// The loop's one pass: whatever an input leads to, [#judge] deals with it.
    private void own(Loop.Signs signs) throws InterruptedException {
        while (state.stage() != PodState.Stage.REMOVED && !handedOver) {
            var now = scope.steady();
            var patience =
                    PodMachine.nextTick(state, now)
                            .map(at -> Duration.between(now, at))
                            .filter(wait -> wait.compareTo(IDLE) < 0)
                            .orElse(IDLE);
            signs.waits();
            var input = mailbox.take(patience).orElseGet(PodInput.Tick::new);
            signs.works();
            judge(input);
        }
        owner.ifPresent(Loop::close);
    }

    private void judge(PodInput input) throws InterruptedException {
        try {
            apply(PodMachine.step(state, input, scope.clocks().now()));
        } catch (RuntimeException | IOException | Error e) {
            LOG.error("{}: the pod's worker failed at {}", view.plan().display(), input, e);
            if (stumble.isEmpty()) {
                handOver(e);
            } else {
                giveUp(input, e);
            }
        }
    }

    private void apply(PodMachine.Step step) throws IOException {
        var changed = !step.state().equals(state);
        if (changed) {
            state = step.state();
            view.grant(state.resize().granted());
            publish();
        }
        if (changed || !noted) {
            noted = true;
            var unused = records.write(state);
        }
        held.follow(state, step.effects());
    }

    /// Lets go of the pod, and leaves its machine to the worker that takes it up from the record.
    private void handOver(Throwable cause) throws InterruptedException {
        handedOver = true;
        scope.closeMachine();
        startup.end();
        scope.close();
        stumbled.accept(cause);
    }

    /// The second worker stumbles too: the pod fails, and whatever else fails is only logged.
    private void giveUp(PodInput input, Throwable cause) {
        var message = "The pod's worker failed: " + cause;
        var step = LastResort.step(state, input, message, scope.clocks().now());
        if (!step.state().equals(state)) {
            state = step.state();
            publish();
            reports.event(EventType.WARNING, LastResort.REASON, message);
            try {
                var unused = records.write(state);
            } catch (RuntimeException | IOException e) {
                LOG.error("{}: failed to write the pod's record", view.plan().display(), e);
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

    private int attempt(String container) {
        var known = state.containers().get(container);
        return known == null ? -1 : known.attempt();
    }

    private void perform(PodEffect effect) {
        switch (effect) {
            case PodEffect.StartUp() -> startup.begin();
            case PodEffect.KeepNode() ->
                    scope.insist("keeping the Node", () -> services.nodes().keep(machine()));
            case PodEffect.ListContainers() ->
                    scope.insist(
                            "listing containers",
                            () -> reports.post(new PodInput.GuestHas(watch.ids())));
            case PodEffect.WatchContainers() -> watch.start();
            case PodEffect.ResumeProbes(String name, int _, Instant startedAt) ->
                    probes.resume(state.container(name), startedAt);
            case PodEffect.AttemptOver(String name, int attempt) -> runner.ended(name, attempt);
            case PodEffect.PullImage(String name) -> {
                var plan = view.plan().container(name);
                scope.persevere(
                        "pull of " + plan.spec().getImage(), () -> parts.puller().bring(plan));
            }
            case PodEffect.StartContainer(String name, int attempt) -> {
                var plan = view.plan().container(name);
                var granted = state.resize().granted();
                scope.persevere("start of " + name, () -> runner.start(plan, attempt, granted));
            }
            case PodEffect.StopContainer stop -> {
                var plan = view.plan().container(stop.container());
                scope.persevere("stop of " + plan.name(), () -> runner.stop(plan, stop));
            }
            case PodEffect.TakeTurn(String name, int attempt) -> runner.takeTurn(name, attempt);
            case PodEffect.Hasten(String name, int attempt, Duration grace) ->
                    runner.hasten(name, attempt, grace);
            case PodEffect.PodEvent(String reason, String message) ->
                    reports.event(EventType.NORMAL, reason, message);
            case PodEffect.PodWarning(String reason, String message) ->
                    reports.event(EventType.WARNING, reason, message);
            case PodEffect.Resize order -> scope.insist("resize", () -> parts.limits().set(order));
            case PodEffect.BackOff(String name, String message) ->
                    reports.event(
                            EventType.WARNING,
                            "BackOff",
                            message,
                            view.plan().container(name).fieldPath());
            case PodEffect.PowerOff() ->
                    threads.start("power-off-" + view.plan().name(), this::powerOff);
            case PodEffect.Remove() ->
                    end.removeAll(
                            threads,
                            status,
                            () -> {
                                ended.run();
                                gone.countDown();
                            });
        }
    }

    private void powerOff() {
        try {
            end.powerOff(startup::end);
        } finally {
            reports.post(new PodInput.MachineOff());
        }
    }
}
