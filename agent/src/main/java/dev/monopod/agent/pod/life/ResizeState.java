package dev.monopod.agent.pod.life;

import dev.monopod.agent.pod.spec.PodAllocation;
import java.time.Instant;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// The pod's resources: what it was granted, what holds in its machine, and how far a resize is
/// (KEP-1287). Immutable; moved by [ResizeProgress] only.
///
/// @param granted what the pod has from now on, which what it asks for may be ahead of
/// @param held what holds: of each container what its present or last attempt has, and as a whole
///   what was last carried out
/// @param resized whether the pod was ever granted other resources than it began with
/// @param refusal why it does not get what it asks for
/// @param course of the resize that is in progress
/// @param work what only this life of the agent knows
public record ResizeState(
        PodAllocation granted,
        PodAllocation held,
        boolean resized,
        Optional<Refusal> refusal,
        Optional<Course> course,
        Work work) {

    /// @param generation of the specification that was refused
    public record Refusal(String message, long generation, Instant since) {}

    /// A resize from its grant until all of it holds.
    ///
    /// @param generation of the specification that was granted
    /// @param restarting attempts, by container, that have to give way to later ones
    public record Course(
            long generation, Instant since, Room room, Map<String, Integer> restarting) {
        public Course {
            restarting = Map.copyOf(restarting);
        }

        Course withRoom(Room next) {
            return new Course(generation, since, next, restarting);
        }

        Course withRestarting(Map<String, Integer> attempts) {
            return new Course(generation, since, room, attempts);
        }

        Course withRestarting(String container, int attempt) {
            Map<String, Integer> more = new HashMap<>(restarting);
            more.put(container, attempt);
            return withRestarting(more);
        }
    }

    /// The limits of all containers together. They are the wider of old and new ones while the
    /// containers change.
    enum Room {
        OLD,
        WIDE,
        NEW
    }

    /// What has limits: an attempt of a container, or all containers together.
    public record Target(String container, int attempt) {
        static final Target ALL = new Target("", 0);

        static Target of(ContainerRecord container) {
            return new Target(container.name(), container.attempt());
        }

        /// Whether it is all containers together.
        public boolean all() {
            return equals(ALL);
        }
    }

    /// What the guest was asked for and has not answered yet.
    ///
    /// @param room of the resize when it was asked, if one was in progress
    record Asked(int order, Target target, PodAllocation to, Optional<Room> room) {}

    /// Why the guest did not do it, since when.
    public record Trouble(String message, Instant since) {}

    /// Orders to the guest. One is under way at a time, so that none overtakes another.
    ///
    /// @param orders so far
    /// @param limited attempts that have what was granted
    /// @param troubles the one that is tried again next comes first
    /// @param retryAt before which no trouble is tried again
    record Work(
            int orders,
            Optional<Asked> asked,
            Set<Target> limited,
            Map<Target, Trouble> troubles,
            Instant retryAt) {
        static final Work NONE = new Work(0, Optional.empty(), Set.of(), Map.of(), Instant.EPOCH);

        Work {
            limited = Set.copyOf(limited);
            troubles = Collections.unmodifiableMap(new LinkedHashMap<>(troubles));
        }

        /// Nothing has yet what was granted just now.
        Work anew() {
            return new Work(orders, asked, Set.of(), Map.of(), Instant.EPOCH);
        }

        /// Without what is said of targets that are there no more.
        Work only(Set<Target> present) {
            Set<Target> some = new HashSet<>(limited);
            some.retainAll(present);
            Map<Target, Trouble> left = new LinkedHashMap<>(troubles);
            left.keySet().retainAll(present);
            return new Work(orders, asked, some, left, retryAt);
        }

        Work asking(Asked next) {
            return new Work(next.order(), Optional.of(next), limited, troubles, retryAt);
        }

        Work done(Target target) {
            Map<Target, Trouble> left = new LinkedHashMap<>(troubles);
            left.remove(target);
            return new Work(orders, Optional.empty(), limited, left, retryAt);
        }

        Work withLimited(Target target) {
            Set<Target> more = new HashSet<>(limited);
            more.add(target);
            return new Work(orders, asked, more, troubles, retryAt);
        }

        Work failed(Target target, Trouble why, Instant again) {
            Map<Target, Trouble> more = new LinkedHashMap<>(done(target).troubles());
            more.put(target, why);
            return new Work(orders, Optional.empty(), limited, more, again);
        }
    }

    /// A pod that begins, or of which nothing was noted down.
    static ResizeState initial(PodAllocation granted) {
        return new ResizeState(
                granted, granted, false, Optional.empty(), Optional.empty(), Work.NONE);
    }

    /// The same, of a pod that begins from the start: what was granted counts, and all of it begins
    /// with that.
    ResizeState fresh() {
        return new ResizeState(granted, granted, resized, refusal, Optional.empty(), Work.NONE);
    }

    /// Why the resize in progress does not get on.
    public Optional<Trouble> trouble() {
        return work.troubles().values().stream().findFirst();
    }

    /// Whether that attempt has to end for the sake of its new resources.
    public boolean restarts(String container, int attempt) {
        return course.map(one -> one.restarting().getOrDefault(container, -1) == attempt)
                .orElse(false);
    }

    /// When it is tried again, if something failed.
    Optional<Instant> retry() {
        return work.troubles().isEmpty() ? Optional.empty() : Optional.of(work.retryAt());
    }

    ResizeState withRefusal(Optional<Refusal> next) {
        return new ResizeState(granted, held, resized, next, course, work);
    }

    ResizeState withGranted(PodAllocation next, Course begun) {
        return new ResizeState(next, held, true, Optional.empty(), Optional.of(begun), work.anew());
    }

    ResizeState withHeld(PodAllocation next) {
        return new ResizeState(granted, next, resized, refusal, course, work);
    }

    ResizeState withCourse(Optional<Course> next) {
        return new ResizeState(granted, held, resized, refusal, next, work);
    }

    ResizeState with(Work next) {
        return new ResizeState(granted, held, resized, refusal, course, next);
    }

    /// An attempt begins with what was granted.
    ResizeState began(String container) {
        return withHeld(held.with(container, granted.container(container)));
    }
}
