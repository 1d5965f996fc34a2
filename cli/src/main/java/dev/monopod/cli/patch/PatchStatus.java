package dev.monopod.cli.patch;

import dev.monopod.cli.installation.CommonOptions;
import dev.monopod.cli.terminal.Table;
import dev.monopod.cli.terminal.Text;
import dev.monopod.kube.api.PatchRun;
import dev.monopod.kube.api.PatchSchedule;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Clock;
import java.util.Comparator;
import java.util.Map;

/// Schedules and rounds.
final class PatchStatus {
    private PatchStatus() {}

    static void print(KubernetesClient client, CommonOptions options, Clock clock) {
        var schedules = client.resources(PatchSchedule.class).list().getItems();
        var runs = client.resources(PatchRun.class).list().getItems();
        runs.sort(Comparator.comparing(run -> run.getMetadata().getCreationTimestamp()));
        if (options.json()) {
            CommonOptions.printJson(Map.of("schedules", schedules, "rounds", runs));
            return;
        }
        if (schedules.isEmpty()) {
            System.out.println("no rounds are scheduled: monopod patch --schedule CRON");
        }
        for (var schedule : schedules) {
            var status = schedule.getStatus();
            System.out.printf(
                    "schedule %s: `%s` (UTC), next %s%s%n",
                    schedule.getMetadata().getName(),
                    schedule.getSpec().schedule(),
                    Text.of(status == null ? null : status.nextAt()),
                    status == null || status.message() == null ? "" : "; " + status.message());
        }
        if (runs.isEmpty()) {
            System.out.println("no round has begun: monopod patch --now");
            return;
        }
        var table = new Table("ROUND", "PHASE", "AGE", "PROGRESS");
        for (var run : runs) {
            table.row(
                    run.getMetadata().getName(),
                    Text.of(run.getStatus() == null ? null : run.getStatus().phase()),
                    Text.age(run.getMetadata().getCreationTimestamp(), clock),
                    Progress.text(run));
        }
        System.out.print(table);
    }
}
