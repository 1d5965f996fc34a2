package dev.monopod.agent.pod.life;

import dev.monopod.agent.pod.spec.ContainerIds;
import dev.monopod.agent.pod.spec.PodAllocation;
import dev.monopod.host.image.ImageStore.ImageConfig;
import dev.monopod.host.image.ImageStore.ResolvedImage;
import dev.monopod.model.time.Moment;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;

/// One pod in a simulated world of a given seed: [PodMachine] with its record as the agent, and a
/// guest, a machine and an API server that do what they may do, at random moments. The agent is
/// killed between any two steps: before the record, between record and effect, between two effects.
/// What its tasks were about is lost then; what guest and API server have is not.
final class PodSimulation {
    private static final int DISTURBED_EVENTS = 120;
    private static final int CALM_EVENTS = 3000;
    private static final int TRACE = 60;
    private static final Duration IDLE = Duration.ofMinutes(1);

    /// @param life of the agent in which it counts; 0: whatever becomes of the agent
    private record Event(Instant at, long order, int life, String what, Runnable action) {}

    /// What was noted down last; becomes text only when it is read.
    private record Written(PodState state, boolean vmKnown, Moment at) {}

    /// Written out only when it has to be told.
    private record Happening(Instant at, Object what) {
        @Override
        public String toString() {
            String text = what instanceof PodInput.Changed ? "Changed" : what.toString();
            return at + " " + text;
        }
    }

    private final PriorityQueue<Event> events =
            new PriorityQueue<>((a, b) ->
                    a.at().equals(b.at())
                            ? Long.compare(a.order(), b.order())
                            : a.at().compareTo(b.at()));
    private final Deque<Happening> trace = new ArrayDeque<>();
    private final List<PodInput> replayable = new ArrayList<>();
    final RandomGenerator random;
    final SimulatedGuest guest;
    final SimulatedApi api;
    private final PodInvariants invariants = new PodInvariants();
    private Instant now = Instant.parse("2026-11-28T00:00:00Z");

    /// By how much the wall clock was set.
    private Duration set = Duration.ZERO;

    private long orders;
    private int life;
    private boolean calm;
    private boolean up;
    private boolean vmKnown;
    private boolean ended;
    private PodState state;
    private Optional<Resumption> taken = Optional.empty();
    private Optional<Written> noted = Optional.empty();
    private final Set<String> starting = new HashSet<>();
    private Optional<PodEffect.Resize> limiting = Optional.empty();

    PodSimulation(long seed) {
        random = new SplittableRandom(seed);
        api = new SimulatedApi(this, SimulatedPods.plan(random));
        guest = new SimulatedGuest(this);
        state = PodState.initial(api.plan(), moment());
    }

    /// @throws AssertionError when an invariant does not hold
    void run() {
        takeUp();
        for (int i = 0; i < DISTURBED_EVENTS && !ended; i++) {
            if (random.nextInt(50) == 0) {
                set = Duration.ofHours(random.nextInt(3) - 1);
                say("wall clock set to " + set);
            }
            if (random.nextInt(4) == 0) {
                disturb();
            }
            next();
        }
        calm = true;
        if (!up && !ended) {
            takeUp();
        }
        task("last look", IDLE, () -> api.look(this::input));
        for (int i = 0; i < CALM_EVENTS && next(); i++) {}
        invariants.converged(state, ended, api, guest, this::describe);
    }

    /// The last things that happened, the latest last.
    String describe() {
        StringBuilder text = new StringBuilder();
        trace.forEach(each -> text.append(each).append('\n'));
        text.append(
                "%s %s deletion %s failure %s%n"
                        .formatted(
                                state.stage(),
                                state.progress(),
                                state.deletion(),
                                state.failure()));
        text.append(
                "resize %s %s held %s granted %s%n"
                        .formatted(
                                state.resize().course(),
                                state.resize().work(),
                                state.resize().held(),
                                state.resize().granted()));
        for (ContainerRecord c : state.all()) {
            text.append(
                    "  %s %d %s %s image %s %s%n"
                            .formatted(
                                    c.name(),
                                    c.attempt(),
                                    c.phase(),
                                    c.health(),
                                    c.imageReady(),
                                    c.trouble()));
        }
        return text.toString();
    }

    Instant now() {
        return now;
    }

    private Moment moment() {
        return new Moment(now.plus(set), now);
    }

    boolean calm() {
        return calm;
    }

    /// Something that the world does within `most`, whatever becomes of the agent.
    void world(String what, Duration most, Runnable action) {
        at(0, what, most, action);
    }

    /// Something that the present life of the agent does within `most`, unless it is killed.
    void task(String what, Duration most, Runnable action) {
        at(life, what, most, action);
    }

    private void at(int owner, String what, Duration most, Runnable action) {
        Instant when = now.plusMillis(random.nextLong(1, most.toMillis() + 2));
        events.add(new Event(when, orders++, owner, what, action));
    }

    /// Does what comes next; false when nothing will come any more.
    private boolean next() {
        while (!events.isEmpty() && events.peek().life() != 0 && events.peek().life() != life) {
            events.poll();
        }
        Optional<Instant> tick =
                up && !ended ? PodMachine.nextTick(state, now) : Optional.<Instant>empty();
        if (events.isEmpty() && tick.isEmpty()) {
            return false;
        }
        if (tick.isPresent() && (events.isEmpty() || tick.get().isBefore(events.peek().at()))) {
            now = tick.get();
            input(new PodInput.Tick());
            return true;
        }
        Event event = events.poll();
        now = event.at();
        say(event.what());
        event.action().run();
        return true;
    }

    private void say(Object what) {
        trace.addLast(new Happening(now, what));
        if (trace.size() > TRACE) {
            trace.removeFirst();
        }
    }

    boolean chance(int percent) {
        return random.nextInt(100) < percent;
    }

    /// The agent begins, for the first time or after it was killed.
    private void takeUp() {
        life++;
        up = true;
        starting.clear();
        limiting = Optional.empty();
        replayable.clear();
        if (!api.exists()) {
            say("discarded");
            guest.off();
            ended = true;
            return;
        }
        Resumption how = resumption();
        if (!how.equals(resumption())) {
            throw new AssertionError("restored in two ways:\n" + how + "\n" + resumption());
        }
        say("taken up: " + how.getClass().getSimpleName());
        switch (how) {
            case Resumption.Fresh _, Resumption.Ended _, Resumption.Forgotten _ -> guest.off();
            case Resumption.Ongoing _, Resumption.Lost _ -> {}
        }
        invariants.restored(how, this::describe);
        state = how.state();
        taken = Optional.of(how);
        vmKnown = how instanceof Resumption.Ongoing;
        api.publishes(!(how instanceof Resumption.Forgotten));
        api.want(state);
        input(new PodInput.TakenUp(how.lost()));
        if (up && !ended) {
            task("first look", Duration.ofSeconds(1), () -> api.look(this::input));
        }
    }

    private Resumption resumption() {
        try {
            return Resumption.of(
                    read().<Noted>map(Noted.Whole::new).orElseGet(Noted.Absent::new),
                    api.plan(),
                    new Traces(
                            guest.alive()
                                    ? new Traces.MachineSeen.Silent()
                                    : new Traces.MachineSeen.Gone(),
                            api.phase(),
                            Map.of()),
                    moment());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void kill(String when) {
        say("agent killed " + when);
        up = false;
        guest.agentGone();
        life++;
        world(
                "agent starts",
                Duration.ofSeconds(20),
                () -> {
                    if (!up && !ended) {
                        takeUp();
                    }
                });
    }

    /// As the worker does: judge, note down, publish, perform.
    void input(PodInput input) {
        if (!up || ended || state.stage() == PodState.Stage.REMOVED) {
            return;
        }
        say(input);
        PodMachine.Step step = PodMachine.step(state, input, moment());
        if (!step.effects().isEmpty()) {
            say(step.effects());
        }
        invariants.moved(state, step, guest, this::describe);
        if (dies("before the record")) {
            return;
        }
        if (!step.state().equals(state)) {
            state = step.state();
            noted = Optional.of(new Written(state, vmKnown, moment()));
            invariants.recorded(state);
            api.want(state);
        }
        if (replayable.size() < 30 && repeats(input)) {
            replayable.add(input);
        }
        for (PodEffect effect : step.effects()) {
            if (dies("before " + effect)) {
                return;
            }
            perform(effect);
        }
        dies("after its effects");
    }

    private boolean dies(String when) {
        if (up && !calm && random.nextInt(250) == 0) {
            kill(when);
        }
        return !up || ended;
    }

    private static boolean repeats(PodInput input) {
        return switch (input) {
            case PodInput.Started _,
                    PodInput.Ended _,
                    PodInput.Ready _,
                    PodInput.StartupDone _,
                    PodInput.Hooked _,
                    PodInput.Condemned _,
                    PodInput.ConfigurationTrouble _,
                    PodInput.ImageReady _,
                    PodInput.Resized _,
                    PodInput.ResizeTrouble _,
                    PodInput.Bound _ ->
                    true;
            case PodInput.TakenUp _,
                    PodInput.MachineReady _,
                    PodInput.GuestHas _,
                    PodInput.Prepared _,
                    PodInput.Changed _,
                    PodInput.ImageTrouble _,
                    PodInput.Deletion _,
                    PodInput.ObjectGone _,
                    PodInput.Fail _,
                    PodInput.MachineLost _,
                    PodInput.MachineOff _,
                    PodInput.Tick _ ->
                    false;
        };
    }

    /// What lies on disk, by way of its text.
    private Optional<PodRecord> read() throws IOException {
        if (noted.isEmpty()) {
            return Optional.empty();
        }
        PodState last = noted.get().state();
        Map<String, ResolvedImage> images =
                last.containers().keySet().stream()
                        .collect(Collectors.toMap(name -> name, PodSimulation::image));
        PodRecord.Facts facts =
                new PodRecord.Facts("m-uid", noted.get().vmKnown(), images, List.of());
        return Optional.of(PodRecord.parse(PodRecord.of(last, facts, noted.get().at()).json()));
    }

    private static ResolvedImage image(String name) {
        return new ResolvedImage(
                name,
                name,
                "sha256:1",
                Path.of("/disk"),
                true,
                new ImageConfig(
                        List.of(),
                        List.of(),
                        List.of(),
                        "/",
                        "0",
                        Optional.empty(),
                        Map.of(),
                        List.of()));
    }

    private void perform(PodEffect effect) {
        switch (effect) {
            case PodEffect.StartUp() -> startUp();
            case PodEffect.ListContainers() ->
                    task(
                            "list",
                            Duration.ofSeconds(2),
                            () -> {
                                if (guest.alive()) {
                                    input(new PodInput.GuestHas(guest.ids()));
                                }
                            });
            case PodEffect.WatchContainers() -> guest.watch(this::told);
            case PodEffect.ResumeProbes(String name, int attempt, Instant _) ->
                    probe(name, attempt);
            case PodEffect.PullImage(String name) -> pull(name);
            case PodEffect.StartContainer(String name, int attempt) -> start(name, attempt);
            case PodEffect.StopContainer stop -> stop(stop);
            case PodEffect.TakeTurn(String name, int attempt) ->
                    end(name, attempt, Duration.ofSeconds(3));
            case PodEffect.Hasten hasten ->
                    end(hasten.container(), hasten.attempt(), hasten.grace());
            case PodEffect.Resize resize -> limit(resize);
            case PodEffect.PowerOff() ->
                    task(
                            "power off",
                            Duration.ofSeconds(10),
                            () -> {
                                guest.off();
                                task(
                                        "off",
                                        Duration.ofSeconds(2),
                                        () -> input(new PodInput.MachineOff()));
                            });
            case PodEffect.Remove() -> remove();
            case PodEffect.KeepNode _,
                    PodEffect.AttemptOver _,
                    PodEffect.PodEvent _,
                    PodEffect.PodWarning _,
                    PodEffect.BackOff _ -> {}
        }
    }

    private void limit(PodEffect.Resize order) {
        if (!limiting.isEmpty()) {
            throw new AssertionError(
                    "%s is ordered while %s is under way%n%s"
                            .formatted(order, limiting, describe()));
        }
        limiting = Optional.of(order);
        task(
                "limit " + order.target(),
                Duration.ofSeconds(10),
                () -> {
                    limiting = Optional.empty();
                    Optional<String> trouble = guest.limit(order, state, this::describe);
                    if (!calm && chance(5)) {
                        kill("after a limit");
                    } else {
                        input(
                                trouble.<PodInput>map(why ->
                                                new PodInput.ResizeTrouble(order.order(), why))
                                        .orElseGet(() -> new PodInput.Resized(order.order())));
                    }
                });
    }

    private void remove() {
        task(
                "removing the pod",
                Duration.ofSeconds(2),
                () -> {
                    api.gone();
                    task("removing the rest", Duration.ofSeconds(2), () -> ended = true);
                });
    }

    private void startUp() {
        boolean recovered = taken.orElseThrow() instanceof Resumption.Ongoing;
        state.containers().keySet().forEach(this::pull);
        task("bound", Duration.ofSeconds(5), () -> input(new PodInput.Bound()));
        task(
                "machine starts",
                Duration.ofSeconds(3),
                () -> {
                    if (state.stage() != PodState.Stage.STARTING) {
                        return;
                    }
                    if (!recovered) {
                        guest.boot();
                    }
                    vmKnown = true;
                    guest.onDeath(() -> input(new PodInput.MachineLost("it died")));
                    task(
                            "machine answers",
                            Duration.ofSeconds(5),
                            () -> {
                                if (!guest.alive()) {
                                    return;
                                }
                                guest.configure(state.resize().granted());
                                input(new PodInput.MachineReady());
                                task(
                                        "prepared",
                                        Duration.ofSeconds(4),
                                        () -> input(new PodInput.Prepared()));
                            });
                });
    }

    private void pull(String name) {
        task(
                "pull " + name,
                Duration.ofSeconds(5),
                () -> {
                    if (!calm && chance(20)) {
                        input(new PodInput.ImageTrouble(name, "ErrImagePull", "no"));
                        pull(name);
                    } else {
                        input(new PodInput.ImageReady(name));
                    }
                });
    }

    private void start(String name, int attempt) {
        if (!starting.add(name)) {
            throw new AssertionError(name + " is started twice at once\n" + describe());
        }
        PodAllocation granted = state.resize().granted();
        task(
                "start " + name + " " + attempt,
                Duration.ofSeconds(2),
                () -> {
                    starting.remove(name);
                    int dice = calm ? 100 : random.nextInt(100);
                    if (!guest.alive() || dice < 10) {
                        input(
                                new PodInput.ConfigurationTrouble(
                                        name, attempt, "CreateContainerConfigError", ""));
                    } else if (dice < 20 && !guest.knows(name, attempt)) {
                        input(new PodInput.Ended(name, attempt, termination(name, attempt, 128)));
                    } else {
                        Instant at = guest.start(name, attempt, granted, this::describe);
                        if (chance(95) || calm) {
                            begun(name, attempt, at);
                        } else {
                            kill("while " + name + " starts");
                        }
                    }
                });
    }

    private void begun(String name, int attempt, Instant at) {
        input(new PodInput.Started(name, attempt, at));
        task(
                "hook of " + name,
                Duration.ofSeconds(3),
                () -> {
                    if (!calm && chance(5)) {
                        input(
                                new PodInput.Condemned(
                                        name, attempt, "FailedPostStartHook", Optional.empty()));
                    } else {
                        input(new PodInput.Hooked(name, attempt));
                        probe(name, attempt);
                    }
                });
    }

    private void probe(String name, int attempt) {
        task(
                "startup of " + name,
                Duration.ofSeconds(3),
                () -> {
                    input(new PodInput.StartupDone(name, attempt));
                    input(new PodInput.Ready(name, attempt, calm || random.nextBoolean()));
                    task(
                            "readiness of " + name,
                            Duration.ofSeconds(10),
                            () -> {
                                input(
                                        new PodInput.Ready(
                                                name, attempt, calm || random.nextBoolean()));
                                if (!calm && chance(20)) {
                                    Optional<Duration> grace =
                                            random.nextBoolean()
                                                    ? Optional.empty()
                                                    : Optional.of(
                                                            Duration.ofSeconds(random.nextInt(5)));
                                    input(new PodInput.Condemned(name, attempt, "liveness", grace));
                                }
                            });
                });
    }

    private void stop(PodEffect.StopContainer stop) {
        boolean waits = stop.manner() == PodEffect.Manner.AFTER_OTHERS;
        if (!waits || stop.grace().isZero()) {
            end(stop.container(), stop.attempt(), stop.grace());
        } else {
            end(stop.container(), stop.attempt(), stop.grace().plusSeconds(1));
        }
    }

    private void end(String name, int attempt, Duration grace) {
        task(
                "signal to " + name + " " + attempt,
                grace,
                () -> guest.exit(name, attempt, random.nextBoolean() ? 0 : 137));
    }

    /// The guest tells of an attempt, as its watch filters it.
    private void told(String name, int attempt, Optional<Integer> exit, Instant at) {
        ContainerRecord known = state.containers().get(name);
        if (known == null || attempt > known.attempt() || attempt < known.attempt() - 1) {
            return;
        }
        input(new PodInput.Started(name, attempt, at));
        exit.ifPresent(
                code -> input(new PodInput.Ended(name, attempt, termination(name, attempt, code))));
    }

    private Termination termination(String name, int attempt, int code) {
        return new Termination(
                ContainerIds.of("uid", name, attempt),
                code,
                0,
                code == 0 ? "Completed" : "Error",
                "",
                now,
                now);
    }

    private void disturb() {
        switch (random.nextInt(14)) {
            case 0 -> {
                if (chance(15)) {
                    api.delete(Duration.ofSeconds(random.nextInt(0, 40)));
                    task("deletion seen", Duration.ofSeconds(1), () -> api.look(this::input));
                }
            }
            case 1 -> {
                if (chance(5)) {
                    say("the pod's object is removed by force");
                    api.gone();
                    task("its end seen", Duration.ofSeconds(2), () -> api.look(this::input));
                }
            }
            case 2 -> {
                if (chance(10)) {
                    input(new PodInput.Fail("Evicted", "", Duration.ofSeconds(random.nextInt(3))));
                }
            }
            case 3 -> {
                if (chance(10)) {
                    guest.die();
                }
            }
            case 4 -> {
                api.change(SimulatedPods.changed(api.plan(), random));
                task("change seen", Duration.ofSeconds(1), () -> api.look(this::input));
            }
            case 5, 6, 7 -> guest.exitAny();
            case 8 -> {
                if (up && chance(50)) {
                    kill("at rest");
                }
            }
            case 10, 11 -> {
                api.change(SimulatedPods.resized(api.plan(), random));
                task("resize seen", Duration.ofSeconds(1), () -> api.look(this::input));
            }
            case 9 -> task("audit", IDLE, () -> api.look(this::input));
            default -> {
                if (!replayable.isEmpty()) {
                    input(replayable.get(random.nextInt(replayable.size())));
                }
            }
        }
    }

    PodState state() {
        return state;
    }
}
