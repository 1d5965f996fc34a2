package dev.monopod.cli.patch;

import dev.monopod.cli.cluster.Cluster;
import dev.monopod.cli.installation.CommonOptions;
import dev.monopod.cli.terminal.CliException;
import dev.monopod.kube.api.PatchRun;
import dev.monopod.kube.api.PatchRunSpec;
import dev.monopod.kube.api.PatchSchedule;
import dev.monopod.kube.api.PatchScheduleSpec;
import dev.monopod.kube.patching.CronSchedule;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Clock;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// Patching of machines, as Fargate patches its nodes.
@Command(
        name = "patch",
        mixinStandardHelpOptions = true,
        description = {
            "Patching: evict pods whose machines are out of date, zone by zone as their budgets allow.",
            "Alone it shows the schedule and the last rounds."
        },
        footer = {
            "",
            "A round goes on without this command. kubectl delete patchrun NAME ends it where it is."
        })
public final class PatchCommand implements Callable<Integer> {
    private static final String SCHEDULE = "default";
    private static final String OFF = "off";

    private final Clock clock = Clock.systemUTC();
    @Mixin private CommonOptions options = new CommonOptions();
    @Mixin private PatchOptions round = new PatchOptions();

    @ArgGroup private Act act = new Act();

    /// One of them, or none.
    static final class Act {
        @Option(names = "--dry-run", description = "List the pods of a round, and do nothing.")
        private boolean dryRun;

        @Option(
                names = "--now",
                description = "Begin a round, and show how far it is until its end.")
        private boolean now;

        @Option(
                names = "--schedule",
                paramLabel = "CRON",
                description = "Begin rounds at these times (five fields, UTC), or off.")
        private @Nullable String schedule;
    }

    @Override
    public Integer call() {
        var spec = round.spec();
        if (act.schedule != null) {
            check(act.schedule);
        }
        try (var client = Cluster.connect(options.layout())) {
            if (act.dryRun) {
                DryRun.print(client, round.pods(), options, clock.instant());
            } else if (act.now) {
                var begun = begin(client, spec);
                new Progress(client, System.out).follow(begun);
            } else if (act.schedule != null) {
                schedule(client, act.schedule, spec);
            } else {
                PatchStatus.print(client, options, clock);
            }
            return 0;
        }
    }

    private PatchRun begin(KubernetesClient client, PatchRunSpec spec) {
        for (var other : client.resources(PatchRun.class).list().getItems()) {
            if (!other.done()) {
                var name = other.getMetadata().getName();
                throw new CliException(
                        "round %s is not done".formatted(name),
                        "monopod patch shows it; kubectl delete patchrun %s ends it"
                                .formatted(name));
            }
        }
        var run = new PatchRun();
        run.getMetadata().setGenerateName("now-");
        run.setSpec(spec);
        var made = client.resource(run).create();
        System.out.println("round " + made.getMetadata().getName() + " begins");
        return made;
    }

    private static void check(String times) {
        try {
            if (!times.equals(OFF)) {
                CronSchedule.parse(times);
            }
        } catch (IllegalArgumentException e) {
            throw new CliException(
                    "--schedule: five fields of cron (minute, hour, day of month, month, day of week) or off, not `%s`: %s"
                            .formatted(times, e.getMessage()));
        }
    }

    private static void schedule(KubernetesClient client, String times, PatchRunSpec spec) {
        var found = client.resources(PatchSchedule.class).withName(SCHEDULE);
        if (times.equals(OFF)) {
            found.delete();
            System.out.println("no rounds are scheduled");
            return;
        }
        var schedule = new PatchSchedule();
        schedule.getMetadata().setName(SCHEDULE);
        schedule.setSpec(new PatchScheduleSpec(times, spec));
        if (found.get() == null) {
            client.resource(schedule).create();
        } else {
            found.edit(it -> {
                it.setSpec(schedule.getSpec());
                return it;
            });
        }
        System.out.printf("rounds begin at `%s` (UTC)%n", times);
    }
}
