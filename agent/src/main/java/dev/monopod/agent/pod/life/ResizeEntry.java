package dev.monopod.agent.pod.life;

import dev.monopod.agent.pod.life.ResizeState.Course;
import dev.monopod.agent.pod.life.ResizeState.Refusal;
import dev.monopod.agent.pod.life.ResizeState.Room;
import dev.monopod.agent.pod.spec.PodAllocation;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What [PodRecord] notes down of a pod's resources. What only one life of the agent knows is left
/// out: the next one asks the guest again, which does no harm.
record ResizeEntry(
        AllocationEntry granted,
        AllocationEntry held,
        boolean resized,
        @Nullable RefusalEntry refusal,
        @Nullable CourseEntry course) {

    record AllocationEntry(
            Map<String, ResourceRequirements> containers, @Nullable ResourceRequirements whole) {
        static AllocationEntry of(PodAllocation allocation) {
            return new AllocationEntry(allocation.containers(), allocation.whole().orElse(null));
        }

        PodAllocation allocation() {
            return new PodAllocation(containers, Optional.ofNullable(whole));
        }
    }

    record RefusalEntry(String message, long generation, long sinceMillis) {
        static RefusalEntry of(Refusal refusal) {
            return new RefusalEntry(
                    refusal.message(), refusal.generation(), refusal.since().toEpochMilli());
        }

        Refusal refusal() {
            return new Refusal(message, generation, Instant.ofEpochMilli(sinceMillis));
        }
    }

    record CourseEntry(
            long generation, long sinceMillis, Room room, Map<String, Integer> restarting) {
        static CourseEntry of(Course course) {
            return new CourseEntry(
                    course.generation(),
                    course.since().toEpochMilli(),
                    course.room(),
                    course.restarting());
        }

        Course course() {
            return new Course(generation, Instant.ofEpochMilli(sinceMillis), room, restarting);
        }
    }

    static ResizeEntry of(ResizeState resize) {
        return new ResizeEntry(
                AllocationEntry.of(resize.granted()),
                AllocationEntry.of(resize.held()),
                resize.resized(),
                resize.refusal().map(RefusalEntry::of).orElse(null),
                resize.course().map(CourseEntry::of).orElse(null));
    }

    /// Of an agent that noted down nothing but what it had granted.
    static ResizeEntry of(PodAllocation granted) {
        var entry = AllocationEntry.of(granted);
        return new ResizeEntry(entry, entry, true, null, null);
    }

    ResizeState resize() {
        return new ResizeState(
                granted.allocation(),
                held.allocation(),
                resized,
                Optional.ofNullable(refusal).map(RefusalEntry::refusal),
                Optional.ofNullable(course).map(CourseEntry::course),
                ResizeState.Work.NONE);
    }
}
