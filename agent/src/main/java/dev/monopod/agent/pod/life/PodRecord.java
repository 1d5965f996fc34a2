package dev.monopod.agent.pod.life;

import dev.monopod.agent.pod.life.ContainerHealth.Condemnation;
import dev.monopod.agent.pod.spec.PodAllocation;
import dev.monopod.agent.pod.spec.PodPlan;
import dev.monopod.host.image.ImageStore.ImageConfig;
import dev.monopod.host.image.ImageStore.ResolvedImage;
import dev.monopod.host.json.OwnJson;
import dev.monopod.model.time.Moment;
import dev.monopod.model.time.NotedTime;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What an agent that was killed must know again of a pod: `pod.json` beside the pod's logs.
/// Written before any effect is performed.
///
/// @param writtenMillis when, by the wall clock
/// @param startMillis when the pod came here, as its status says
/// @param activeMillis the same for its deadline; this and what the pod waits for is noted down as
///   [NotedTime] does
public record PodRecord(
        String machine,
        boolean machineStarted,
        boolean over,
        boolean initialized,
        boolean restarting,
        long writtenMillis,
        long startMillis,
        long activeMillis,
        long deletionMillis,
        @Nullable FailureEntry failure,
        List<ContainerEntry> containers,
        List<ImageEntry> images,
        @Nullable List<String> disks,
        @Nullable ResizeEntry resize) {
    record FailureEntry(String reason, String message, long deadlineMillis) {}

    record WaitingEntry(String reason, String message, long notBeforeMillis) {
        ContainerPhase phase(NotedTime time) {
            return new ContainerPhase.Waiting(reason, message, time.steady(notBeforeMillis));
        }
    }

    /// @param phase `waiting`, `starting`, `running` or `terminated`
    record ContainerEntry(
            String name,
            int attempt,
            @Nullable String image,
            String phase,
            @Nullable WaitingEntry waiting,
            long startedMillis,
            boolean started,
            boolean everStarted,
            boolean ready,
            @Nullable End end,
            @Nullable End last,
            long backoffSeconds,
            long backoffMillis,
            @Nullable CondemnedEntry condemned) {}

    /// @param graceSeconds of its own, over the pod's
    record CondemnedEntry(String message, @Nullable Long graceSeconds) {
        static CondemnedEntry of(Condemnation why) {
            return new CondemnedEntry(
                    why.message(), why.grace().map(Duration::toSeconds).orElse(null));
        }

        Condemnation condemnation() {
            return new Condemnation(
                    message, Optional.ofNullable(graceSeconds).map(Duration::ofSeconds));
        }
    }

    record End(
            String containerId,
            int exitCode,
            int signal,
            String reason,
            String message,
            long startedMillis,
            long finishedMillis) {
        static End of(Termination end) {
            return new End(
                    end.containerId(),
                    end.exitCode(),
                    end.signal(),
                    end.reason(),
                    end.message(),
                    end.startedAt().toEpochMilli(),
                    end.finishedAt().toEpochMilli());
        }

        Termination termination() {
            return new Termination(
                    containerId,
                    exitCode,
                    signal,
                    reason,
                    message,
                    Instant.ofEpochMilli(startedMillis),
                    Instant.ofEpochMilli(finishedMillis));
        }
    }

    record ImageEntry(
            String container,
            String reference,
            String imageId,
            String digest,
            String disk,
            List<String> entrypoint,
            List<String> command,
            List<String> environment,
            String workingDirectory,
            String user,
            String stopSignal,
            List<String> volumes) {}

    /// What of the machine has to be known again, besides the state.
    ///
    /// @param images by container and image volume, as far as resolved
    /// @param disks in the order of the machine's slots
    public record Facts(
            String machine,
            boolean machineStarted,
            Map<String, ResolvedImage> images,
            List<Path> disks) {}

    public static PodRecord of(PodState state, Facts facts, Moment now) {
        List<ContainerEntry> containers = new ArrayList<>();
        for (var container : state.all()) {
            containers.add(entry(container, now));
        }
        List<ImageEntry> entries = new ArrayList<>();
        facts.images().forEach((name, image) -> entries.add(entry(name, image)));
        var over =
                state.stage() == PodState.Stage.OFF
                        || state.stage() == PodState.Stage.POWERING_OFF
                        || state.stage() == PodState.Stage.REMOVED;
        return new PodRecord(
                facts.machine(),
                facts.machineStarted(),
                over,
                state.initialized(),
                state.restarting(),
                now.wall().toEpochMilli(),
                state.startTime().toEpochMilli(),
                NotedTime.millis(state.start().steady(), now),
                state.deletion().map(at -> NotedTime.millis(at, now)).orElse(0L),
                state.failure()
                        .map(f ->
                                new FailureEntry(
                                        f.reason(),
                                        f.message(),
                                        NotedTime.millis(f.deadline(), now)))
                        .orElse(null),
                containers,
                entries,
                facts.disks().stream().map(Path::toString).toList(),
                ResizeEntry.of(state.resize()));
    }

    private static ContainerEntry entry(ContainerRecord container, Moment now) {
        String phase =
                switch (container.phase()) {
                    case ContainerPhase.Waiting _ -> "waiting";
                    case ContainerPhase.Starting _ -> "starting";
                    case ContainerPhase.Running _ -> "running";
                    case ContainerPhase.Terminated _ -> "terminated";
                };
        return new ContainerEntry(
                container.name(),
                container.attempt(),
                container.image(),
                phase,
                container.phase() instanceof ContainerPhase.Waiting waiting
                        ? new WaitingEntry(
                                waiting.reason(),
                                waiting.message(),
                                NotedTime.millis(waiting.notBefore(), now))
                        : null,
                container.phase() instanceof ContainerPhase.Running running
                        ? running.startedAt().toEpochMilli()
                        : 0,
                container.started(),
                container.everStarted(),
                container.ready(),
                container.phase() instanceof ContainerPhase.Terminated(Termination end)
                        ? End.of(end)
                        : null,
                container.last().map(End::of).orElse(null),
                container.backoff().delay().map(Duration::toSeconds).orElse(0L),
                NotedTime.millis(container.backoff().updated(), now),
                container.health().condemned().map(CondemnedEntry::of).orElse(null));
    }

    private static ImageEntry entry(String container, ResolvedImage image) {
        return new ImageEntry(
                container,
                image.reference(),
                image.imageId(),
                image.digest(),
                image.disk().toString(),
                image.config().entrypoint(),
                image.config().command(),
                image.config().environment(),
                image.config().workingDirectory(),
                image.config().user(),
                image.config().stopSignal().orElse(""),
                image.config().volumes());
    }

    public Map<String, ResolvedImage> resolved() {
        Map<String, ResolvedImage> result = new HashMap<>();
        for (var image : images) {
            result.put(
                    image.container(),
                    new ResolvedImage(
                            image.reference(),
                            image.imageId(),
                            image.digest(),
                            Path.of(image.disk()),
                            false,
                            new ImageConfig(
                                    image.entrypoint(),
                                    image.command(),
                                    image.environment(),
                                    image.workingDirectory(),
                                    image.user(),
                                    Optional.of(image.stopSignal()).filter(text -> !text.isEmpty()),
                                    Map.of(),
                                    image.volumes())));
        }
        return result;
    }

    public List<Path> diskPaths() {
        return disks == null ? List.of() : disks.stream().map(Path::of).toList();
    }

    /// The state as it was, for a pod whose plan did not change.
    public PodState restore(PodPlan plan, Moment now) {
        var time = new NotedTime(writtenMillis, now);
        var start =
                new Moment(
                        Instant.ofEpochMilli(startMillis),
                        time.steady(activeMillis == 0 ? startMillis : activeMillis));
        var state =
                PodState.initial(plan, start)
                        .withStage(over ? PodState.Stage.OFF : PodState.Stage.STARTING);
        if (initialized) {
            state = state.withInitialized();
        }
        if (restarting) {
            state = state.withRestarting();
        }
        if (deletionMillis != 0) {
            state = state.withDeletion(time.steady(deletionMillis));
        }
        if (failure != null) {
            state =
                    state.withFailure(
                            new PodState.Failure(
                                    failure.reason(),
                                    failure.message(),
                                    time.steady(failure.deadlineMillis())));
        }
        state = granted(state);
        for (var entry : containers) {
            if (state.containers().containsKey(entry.name())) {
                state = state.with(restore(state.container(entry.name()), entry, time));
            }
        }
        return state;
    }

    /// With the resources that were granted, and how far a resize is. An older record knows nothing
    /// of them: what the pod asks for counts as granted.
    PodState granted(PodState state) {
        return resize == null ? state : state.withResize(resize.resize());
    }

    private static ContainerRecord restore(
            ContainerRecord fresh, ContainerEntry entry, NotedTime time) {
        var backoff =
                new RestartBackoff(
                        entry.backoffSeconds() == 0
                                ? Optional.empty()
                                : Optional.of(Duration.ofSeconds(entry.backoffSeconds())),
                        time.steady(entry.backoffMillis()));
        var end = entry.end();
        var waiting = entry.waiting();
        var running = entry.phase().equals("running");
        ContainerPhase phase =
                switch (entry.phase()) {
                    case "running" ->
                            new ContainerPhase.Running(Instant.ofEpochMilli(entry.startedMillis()));
                    case "starting" -> new ContainerPhase.Starting();
                    case "terminated" ->
                            end == null
                                    ? fresh.phase()
                                    : new ContainerPhase.Terminated(end.termination());
                    default -> waiting == null ? fresh.phase() : waiting.phase(time);
                };
        return new ContainerRecord(
                fresh.plan(),
                entry.attempt(),
                entry.image() == null ? "" : entry.image(),
                phase,
                Optional.ofNullable(entry.last()).map(End::termination),
                false,
                Optional.empty(),
                new ContainerHealth(
                        running,
                        entry.started(),
                        entry.everStarted(),
                        entry.ready(),
                        running || entry.phase().equals("starting"),
                        Optional.ofNullable(entry.condemned()).map(CondemnedEntry::condemnation)),
                backoff);
    }

    /// @param resources that an earlier agent noted down beside it; what the record says counts
    public PodRecord with(Optional<PodAllocation> resources) {
        if (resize != null || resources.isEmpty()) {
            return this;
        }
        return new PodRecord(
                machine,
                machineStarted,
                over,
                initialized,
                restarting,
                writtenMillis,
                startMillis,
                activeMillis,
                deletionMillis,
                failure,
                containers,
                images,
                disks,
                ResizeEntry.of(resources.get()));
    }

    /// Whether a container was started, or was about to be.
    boolean begun() {
        return containers.stream()
                .anyMatch(container ->
                        !container.phase().equals("waiting")
                                || container.attempt() > 0
                                || container.last() != null);
    }

    /// @throws OwnJson.TooNew if a later version wrote it, and this one would misread it
    /// @throws IOException if it is damaged
    public static PodRecord parse(byte[] json) throws IOException {
        var record = OwnJson.read(json, PodRecord.class, OwnJson.FIRST_FORMAT);
        if (record.containers == null || record.images == null) {
            throw new IOException("the record of a pod has no containers or images");
        }
        return record;
    }

    public byte[] json() throws IOException {
        return OwnJson.write(this);
    }
}
