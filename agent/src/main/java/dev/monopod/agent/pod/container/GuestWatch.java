package dev.monopod.agent.pod.container;

import dev.monopod.agent.pod.life.PodInput;
import dev.monopod.agent.pod.life.Termination;
import dev.monopod.agent.pod.log.ContainerLogs;
import dev.monopod.agent.pod.log.LogFile;
import dev.monopod.agent.pod.log.LogReader;
import dev.monopod.agent.pod.scope.MachineHandle;
import dev.monopod.agent.pod.scope.PodReports;
import dev.monopod.agent.pod.scope.PodScope;
import dev.monopod.agent.pod.scope.PodView;
import dev.monopod.agent.pod.spec.ContainerIds;
import dev.monopod.host.guest.Budget;
import dev.monopod.host.guest.GuestLog;
import dev.monopod.host.guest.GuestWords;
import dev.monopod.model.loop.Loop;
import dev.monopod.protocol.guest.ContainerState;
import dev.monopod.protocol.guest.ListContainersRequest;
import dev.monopod.protocol.guest.WatchContainersRequest;
import io.grpc.Context;
import io.grpc.StatusRuntimeException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/// Follows the states of a guest's containers and posts them; connects again for as long as the pod
/// lives. Believes the guest only of attempts that this host began: each has a log on the host, and
/// who has taken the guest over could name any number.
public final class GuestWatch {
    private static final Logger LOG = LoggerFactory.getLogger(GuestWatch.class);
    private static final Duration LONGEST_RETRY = Duration.ofSeconds(5);
    private static final Duration CALL = Duration.ofSeconds(10);

    /// What all containers of a large pod may cause at once, and from then on.
    private static final int MESSAGES_AT_ONCE = 200;

    private static final Duration MESSAGE_INTERVAL = Duration.ofMillis(100);

    private static final int MESSAGE_BYTES = 4096;
    private static final int LAST_LINES_BYTES = 2048;
    private static final int LAST_LINES = 80;

    private final PodView view;
    private final PodScope scope;
    private final PodReports reports;
    private final MachineHandle machine;
    private final ContainerLogs logs;
    private final ToIntFunction<String> attempts;
    private final GuestLog log;
    private final Budget messages;

    /// Whether there was a connection before. Of the loop's thread.
    private boolean broken;

    /// @param attempts the present attempt of a container by its name; -1 if the pod has none
    public GuestWatch(
            PodView view,
            PodScope scope,
            PodReports reports,
            MachineHandle machine,
            ContainerLogs logs,
            ToIntFunction<String> attempts) {
        this.view = view;
        this.scope = scope;
        this.reports = reports;
        this.machine = machine;
        this.logs = logs;
        this.attempts = attempts;
        this.log = new GuestLog(LOG, scope.clocks().steady());
        this.messages = new Budget(MESSAGES_AT_ONCE, MESSAGE_INTERVAL, scope.clocks().steady());
    }

    /// What the pod's guest has now.
    ///
    /// @throws StatusRuntimeException when it does not answer
    public static List<ContainerState> list(MachineHandle machine) {
        return machine.guest()
                .blocking(CALL)
                .listContainers(ListContainersRequest.getDefaultInstance())
                .getContainersList();
    }

    /// Which containers the pod's guest has, by id.
    ///
    /// @throws StatusRuntimeException when it does not answer
    public Set<String> ids() {
        return list(machine).stream()
                .map(ContainerState::getContainerId)
                .collect(Collectors.toUnmodifiableSet());
    }

    /// Follows until the machine goes.
    public void start() {
        scope.follow("container watch", LONGEST_RETRY, this::follow);
    }

    /// One connection. A guest that ends the watch breaks it, too.
    private void follow(Loop.Signs signs) throws Exception {
        if (broken && mend().isEmpty()) {
            signs.succeeds();
        }
        broken = true;
        var context = Context.current().withCancellation();
        try {
            var states =
                    context.call(() ->
                            machine.guest()
                                    .endless()
                                    .withWaitForReady()
                                    .watchContainers(WatchContainersRequest.getDefaultInstance()));
            signs.waits();
            while (states.hasNext()) {
                awaitTurn();
                signs.works();
                told(states.next());
                signs.succeeds();
                signs.waits();
            }
        } finally {
            context.cancel(null);
        }
        throw new IllegalStateException("the guest ended the watch of its containers");
    }

    /// A connection that is made but never answered would wait for ever: it is replaced.
    ///
    /// @return what there is to tell
    /// @throws StatusRuntimeException while the guest does not answer
    private List<ContainerState> mend() {
        try {
            return list(machine);
        } catch (StatusRuntimeException e) {
            if (!scope.closed()) {
                machine.guest().reconnect();
            }
            throw e;
        }
    }

    /// Each state costs the host some work: a guest that tells more than its containers can cause
    /// waits, since the next message is asked for only then.
    private void awaitTurn() throws InterruptedException {
        while (!messages.take()) {
            log.log(
                    Level.WARN,
                    "{}: guest tells of its containers too often; it is heard {} times a second",
                    view.plan().display(),
                    Duration.ofSeconds(1).dividedBy(MESSAGE_INTERVAL));
            if (scope.pause(MESSAGE_INTERVAL)) {
                return;
            }
        }
    }

    private void told(ContainerState state) throws InterruptedException {
        if (!ours(state)) {
            log.log(Level.WARN, "{}: guest speaks of an unknown container", view.plan().display());
            return;
        }
        if (state.hasUser()) {
            machine.runsAs(state.getName(), state.getUser());
        }
        switch (state.getPhase()) {
            case RUNNING -> {
                logs.copy(state.getName(), state.getAttempt());
                reports.post(
                        new PodInput.Started(
                                state.getName(),
                                state.getAttempt(),
                                instant(state.getStartedUnixNanos())));
            }
            case EXITED -> ended(state);
            case PHASE_UNSPECIFIED, UNRECOGNIZED -> {}
        }
    }

    private boolean ours(ContainerState state) {
        var name = state.getName();
        var present = attempts.applyAsInt(name);
        return state.getAttempt() <= present
                && state.getAttempt() >= Math.max(0, present - 1)
                && ContainerIds.of(view.plan().uid(), name, state.getAttempt())
                        .equals(state.getContainerId());
    }

    private void ended(ContainerState state) throws InterruptedException {
        logs.copy(state.getName(), state.getAttempt());
        var termination =
                new Termination(
                        state.getContainerId(),
                        state.getExitCode(),
                        state.getSignal(),
                        state.getOomKilled()
                                ? "OOMKilled"
                                : state.getExitCode() == 0 ? "Completed" : "Error",
                        message(state),
                        instant(state.getStartedUnixNanos()),
                        instant(state.getFinishedUnixNanos()));
        reports.post(
                new PodInput.Started(state.getName(), state.getAttempt(), termination.startedAt()));
        reports.post(new PodInput.Ended(state.getName(), state.getAttempt(), termination));
    }

    /// The termination message file, or the log's end where the policy says so.
    private String message(ContainerState state) throws InterruptedException {
        var written = state.getTerminationMessage().toString(StandardCharsets.UTF_8);
        if (!written.isEmpty()) {
            return GuestWords.cut(written, MESSAGE_BYTES);
        }
        var policy = view.plan().container(state.getName()).spec().getTerminationMessagePolicy();
        if (!"FallbackToLogsOnError".equals(policy) || state.getExitCode() == 0) {
            return "";
        }
        logs.await(state.getName(), state.getAttempt(), Duration.ofSeconds(2));
        return LogReader.lastLines(
                LogFile.current(
                        LogFile.directory(view.directory(), state.getName()), state.getAttempt()),
                LAST_LINES,
                LAST_LINES_BYTES);
    }

    static Instant instant(long unixNanos) {
        return Instant.ofEpochSecond(
                Math.floorDiv(unixNanos, 1_000_000_000L), Math.floorMod(unixNanos, 1_000_000_000L));
    }
}
