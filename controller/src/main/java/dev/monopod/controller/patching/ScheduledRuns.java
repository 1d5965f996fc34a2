package dev.monopod.controller.patching;

import dev.monopod.kube.api.PatchRun;
import dev.monopod.kube.api.PatchSchedule;
import dev.monopod.kube.api.PatchScheduleStatus;
import dev.monopod.kube.patching.CronSchedule;
import java.time.Instant;
import java.util.Optional;

/// What a schedule asks for now. Pure.
///
/// @param run to make, if one is due; its name follows from its time, so that it is made once
/// @param status of the schedule
record ScheduledRuns(Optional<PatchRun> run, PatchScheduleStatus status) {
    private static final int SECONDS_OF_MINUTE = 60;

    /// However many times have passed since it was looked at, one run makes up for all.
    ///
    /// @param busy another run is not done: this time is passed over, as it would do the same
    static ScheduledRuns of(PatchSchedule schedule, boolean busy, Instant now) {
        var before = schedule.getStatus();
        var last = before == null ? null : before.lastDueAt();
        try {
            var times = CronSchedule.parse(schedule.getSpec().schedule());
            var since =
                    Instant.parse(
                            last == null ? schedule.getMetadata().getCreationTimestamp() : last);
            var due = times.after(since).filter(time -> !time.isAfter(now));
            var next = times.after(now).map(Instant::toString).orElse(null);
            var message = next == null ? "spec.schedule: it never comes" : null;
            return new ScheduledRuns(
                    busy ? Optional.empty() : due.map(time -> run(schedule, time)),
                    new PatchScheduleStatus(
                            due.isPresent() ? now.toString() : last, next, message));
        } catch (IllegalArgumentException e) {
            return new ScheduledRuns(
                    Optional.empty(),
                    new PatchScheduleStatus(last, null, "spec.schedule: " + e.getMessage()));
        }
    }

    private static PatchRun run(PatchSchedule schedule, Instant due) {
        var run = new PatchRun();
        run.getMetadata()
                .setName(
                        "%s-%d"
                                .formatted(
                                        schedule.getMetadata().getName(),
                                        due.getEpochSecond() / SECONDS_OF_MINUTE));
        run.setSpec(schedule.getSpec().run());
        return run;
    }
}
