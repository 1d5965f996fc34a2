package dev.monopod.agent.pod.life;

import dev.monopod.agent.pod.life.ContainerHealth.Condemnation;
import dev.monopod.agent.pod.life.ResizeState.Asked;
import dev.monopod.agent.pod.life.ResizeState.Course;
import dev.monopod.agent.pod.life.ResizeState.Refusal;
import dev.monopod.agent.pod.life.ResizeState.Room;
import dev.monopod.agent.pod.life.ResizeState.Target;
import dev.monopod.agent.pod.life.ResizeState.Trouble;
import dev.monopod.agent.pod.spec.ContainerPlan;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/// Resizes a pod in place: grants what fits its machine, and has it carried out one order at a
/// time. First all containers together get the wider of old and new limits, then each container
/// gets its own or is started anew, and then all together get the new ones.
final class ResizeProgress {
    private static final Duration RETRY = Duration.ofSeconds(5);

    private final PodDraft draft;

    private ResizeProgress(PodDraft draft) {
        this.draft = draft;
    }

    /// A pod that ends keeps what it has.
    static void advance(PodDraft draft) {
        if (!draft.state().ending()) {
            new ResizeProgress(draft).advance();
        }
    }

    /// The guest has done what it was asked for.
    static void done(PodDraft draft, int order) {
        asked(draft, order).ifPresent(new ResizeProgress(draft)::done);
    }

    /// The guest has not done what it was asked for.
    static void failed(PodDraft draft, int order, String message) {
        asked(draft, order).ifPresent(asked -> new ResizeProgress(draft).failed(asked, message));
    }

    private static Optional<Asked> asked(PodDraft draft, int order) {
        return draft.state().resize().work().asked().filter(asked -> asked.order() == order);
    }

    private ResizeState resize() {
        return draft.state().resize();
    }

    private void change(ResizeState next) {
        draft.change(draft.state().withResize(next));
    }

    private void advance() {
        judge();
        forget();
        if (draft.state().stage() == PodState.Stage.READY) {
            restart();
            end();
            ask();
        }
    }

    private void judge() {
        var demand = draft.state().plan().resources();
        var before = resize();
        if (demand.asked().equals(before.granted())) {
            change(before.withRefusal(Optional.empty()));
        } else if (demand.excess().isPresent()) {
            refuse(demand.excess().get(), demand.generation());
        } else {
            var restarting = before.course().map(Course::restarting).orElseGet(Map::of);
            change(
                    before.withGranted(
                            demand.asked(),
                            new Course(demand.generation(), draft.wall(), Room.OLD, restarting)));
            draft.effect(new PodEffect.PodEvent("ResizeStarted", "Pod resize started"));
        }
    }

    private void refuse(String message, long generation) {
        if (resize().refusal().filter(known -> known.message().equals(message)).isEmpty()) {
            change(
                    resize().withRefusal(
                                    Optional.of(new Refusal(message, generation, draft.wall()))));
            draft.effect(new PodEffect.PodWarning("ResizeInfeasible", message));
        }
    }

    /// What was known of attempts that are over, and of those that have begun anew.
    private void forget() {
        Set<Target> present = new HashSet<>();
        present.add(Target.ALL);
        lasting().filter(ContainerRecord::alive).map(Target::of).forEach(present::add);
        change(resize().with(resize().work().only(present)));
        resize().course()
                .ifPresent(course -> {
                    var left = new HashMap<>(course.restarting());
                    left.entrySet()
                            .removeIf(entry ->
                                    replaced(
                                            draft.state().container(entry.getKey()),
                                            entry.getValue()));
                    change(resize().withCourse(Optional.of(course.withRestarting(left))));
                });
    }

    /// Whether a later attempt runs, or none will.
    private static boolean replaced(ContainerRecord container, int attempt) {
        return switch (container.phase()) {
            case ContainerPhase.Terminated _ -> true;
            case ContainerPhase.Running _ -> container.attempt() > attempt;
            case ContainerPhase.Waiting _, ContainerPhase.Starting _ -> false;
        };
    }

    private Stream<ContainerRecord> lasting() {
        return draft.state().all().stream()
                .filter(one -> one.plan().kind() != ContainerPlan.Kind.EPHEMERAL);
    }

    /// Those that may be given other limits. What an earlier life of the agent left running is left
    /// alone until the guest tells of it.
    private List<ContainerRecord> running() {
        return lasting()
                .filter(one ->
                        one.phase() instanceof ContainerPhase.Running running
                                && !running.stopping()
                                && one.health().condemned().isEmpty()
                                && !one.health().inherited())
                .toList();
    }

    private boolean needsRestart(ContainerRecord container) {
        return ResizeRestart.needed(
                container.plan().spec(),
                resize().held().container(container.name()),
                resize().granted().container(container.name()));
    }

    private void restart() {
        for (var container : running()) {
            var course = resize().course().filter(one -> one.room() != Room.OLD);
            if (course.isPresent() && needsRestart(container)) {
                change(
                        resize().withCourse(
                                        Optional.of(
                                                course.get()
                                                        .withRestarting(
                                                                container.name(),
                                                                container.attempt()))));
                var message = "Container %s resize requires restart".formatted(container.name());
                draft.put(
                        container.withHealth(
                                container
                                        .health()
                                        .withCondemned(
                                                new Condemnation(message, Optional.empty()))));
            }
        }
    }

    /// A target in trouble waits until its time, and until nothing else is to be done.
    private void ask() {
        if (resize().work().asked().isPresent()) {
            return;
        }
        var due = due();
        var troubles = resize().work().troubles();
        var next = due.stream().filter(target -> !troubles.containsKey(target)).findFirst();
        if (next.isEmpty() && !draft.now().isBefore(resize().work().retryAt())) {
            next = troubles.keySet().stream().filter(due::contains).findFirst();
        }
        next.ifPresent(this::order);
    }

    /// What has to get other limits, and may get them now.
    private List<Target> due() {
        var room = resize().course().map(Course::room);
        if (room.filter(Room.OLD::equals).isPresent()) {
            return List.of(Target.ALL);
        }
        if (!resize().resized()) {
            return List.of();
        }
        var limited = resize().work().limited();
        var containers =
                running().stream()
                        .filter(one -> !needsRestart(one))
                        .map(Target::of)
                        .filter(target -> !limited.contains(target))
                        .toList();
        var settled =
                lasting()
                        .filter(ContainerRecord::alive)
                        .map(Target::of)
                        .allMatch(limited::contains);
        return room.filter(Room.WIDE::equals).isPresent() && settled
                ? List.of(Target.ALL)
                : containers;
    }

    private void order(Target target) {
        var before = resize();
        var room = before.course().map(Course::room);
        var asked = new Asked(before.work().orders() + 1, target, before.granted(), room);
        change(before.with(before.work().asking(asked)));
        draft.effect(
                new PodEffect.Resize(
                        asked.order(),
                        target,
                        room.filter(Room.OLD::equals).isPresent() ? before.held() : asked.to(),
                        asked.to()));
    }

    private void done(Asked asked) {
        change(resize().with(resize().work().done(asked.target())));
        if (asked.target().all()) {
            allDone(asked);
        } else {
            containerDone(asked);
        }
    }

    /// A grant that came meanwhile begins with the first step again.
    private void allDone(Asked asked) {
        var narrowed = asked.room().filter(Room.WIDE::equals).isPresent();
        if (narrowed) {
            change(resize().withHeld(resize().held().withWhole(asked.to().whole())));
        }
        resize().course()
                .filter(_ -> asked.to().equals(resize().granted()))
                .filter(course -> asked.room().equals(Optional.of(course.room())))
                .map(course -> course.withRoom(narrowed ? Room.NEW : Room.WIDE))
                .ifPresent(course -> change(resize().withCourse(Optional.of(course))));
    }

    private void containerDone(Asked asked) {
        var name = asked.target().container();
        if (!Target.of(draft.state().container(name)).equals(asked.target())) {
            return;
        }
        change(resize().withHeld(resize().held().with(name, asked.to().container(name))));
        if (asked.to().equals(resize().granted())) {
            change(resize().with(resize().work().withLimited(asked.target())));
        }
    }

    private void failed(Asked asked, String message) {
        var known = Optional.ofNullable(resize().work().troubles().get(asked.target()));
        var since =
                known.filter(trouble -> trouble.message().equals(message))
                        .map(Trouble::since)
                        .orElse(draft.wall());
        change(
                resize().with(
                                resize().work()
                                        .failed(
                                                asked.target(),
                                                new Trouble(message, since),
                                                draft.now().plus(RETRY))));
    }

    private void end() {
        var over =
                resize().course()
                        .filter(one -> one.room() == Room.NEW && one.restarting().isEmpty());
        if (over.isPresent()) {
            change(resize().withCourse(Optional.empty()));
            draft.effect(new PodEffect.PodEvent("ResizeCompleted", "Pod resize completed"));
        }
    }
}
