package dev.monopod.controller.patching;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.kube.api.PatchRunSpec;
import dev.monopod.kube.api.PatchSchedule;
import dev.monopod.kube.api.PatchScheduleSpec;
import java.time.Instant;
import org.junit.jupiter.api.Test;

final class ScheduledRunsTest {
    private static final Instant FRIDAY = Instant.parse("2026-01-02T12:00:00Z");
    private static final Instant SUNDAY = Instant.parse("2026-01-04T03:00:30Z");

    @Test
    void aRunIsDueOnceAndNamedByItsTime() {
        var schedule = schedule("0 3 * * SUN");

        var early = ScheduledRuns.of(schedule, false, FRIDAY.plusSeconds(9));
        schedule.setStatus(early.status());
        var due = ScheduledRuns.of(schedule, false, SUNDAY);
        schedule.setStatus(due.status());

        assertThat(early.run()).isEmpty();
        assertThat(early.status().nextAt()).isEqualTo("2026-01-04T03:00:00Z");
        assertThat(due.run().orElseThrow().getMetadata().getName()).isEqualTo("weekly-29458260");
        assertThat(due.run().orElseThrow().getSpec().deadlineSeconds()).isEqualTo(3600);
        assertThat(due.status().nextAt()).isEqualTo("2026-01-11T03:00:00Z");
        assertThat(ScheduledRuns.of(schedule, false, SUNDAY.plusSeconds(2)).run()).isEmpty();
    }

    @Test
    void timesThatWerePassedOverAreMadeUpForByOneRunAndNoneWhileAnotherIsAtWork() {
        var schedule = schedule("* * * * *");

        var busy = ScheduledRuns.of(schedule, true, SUNDAY);
        var late = ScheduledRuns.of(schedule, false, SUNDAY);
        schedule.setStatus(late.status());

        assertThat(busy.run()).isEmpty();
        assertThat(busy.status().lastDueAt()).isEqualTo("2026-01-04T03:00:30Z");
        assertThat(late.run()).isPresent();
        assertThat(ScheduledRuns.of(schedule, false, SUNDAY.plusSeconds(1)).run()).isEmpty();
    }

    @Test
    void aScheduleThatIsNoneSaysWhy() {
        assertThat(ScheduledRuns.of(schedule("0 25 * * *"), false, SUNDAY).status().message())
                .startsWith("spec.schedule: ")
                .contains("25");
        assertThat(ScheduledRuns.of(schedule("0 0 30 2 *"), false, SUNDAY).status().message())
                .startsWith("spec.schedule: ");
    }

    private static PatchSchedule schedule(String times) {
        var schedule = new PatchSchedule();
        schedule.getMetadata().setName("weekly");
        schedule.getMetadata().setCreationTimestamp(FRIDAY.toString());
        schedule.setSpec(new PatchScheduleSpec(times, new PatchRunSpec(null, 3600L, null)));
        return schedule;
    }
}
