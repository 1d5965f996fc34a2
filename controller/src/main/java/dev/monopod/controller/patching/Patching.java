package dev.monopod.controller.patching;

import dev.monopod.controller.ClusterView;
import dev.monopod.kube.api.PatchRun;
import dev.monopod.kube.api.PatchSchedule;
import dev.monopod.kube.client.ApiCall;
import dev.monopod.kube.client.ApiCode;
import dev.monopod.kube.client.BriskClient;
import dev.monopod.kube.client.Events;
import dev.monopod.kube.client.Watched;
import dev.monopod.kube.watch.ChangeHandler;
import dev.monopod.model.loop.Loop;
import dev.monopod.model.loop.Loops;
import dev.monopod.model.loop.Pace;
import dev.monopod.model.time.Clocks;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Works on rounds of patching, one at a time in the order in which they were asked for, and makes
/// those that are due by a schedule. Of the last rounds that are done some are kept to be looked
/// at. One thread does all; the leader's only.
public final class Patching implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Patching.class);
    private static final Duration PERIOD = Duration.ofSeconds(2);
    private static final int KEPT = 10;
    private static final Comparator<PatchRun> AGE =
            Comparator.comparing((PatchRun run) -> run.getMetadata().getCreationTimestamp())
                    .thenComparing(run -> run.getMetadata().getName());

    private final KubernetesClient client;
    private final Watched<PatchRun> runs;
    private final Watched<PatchSchedule> schedules;
    private final PatchRounds rounds;
    private final Webhook webhook;
    private final Clocks clocks;
    private final Loop loop;

    /// What EKS' events say of the cluster.
    public record Cluster(String name, String region, String account) {}

    public Patching(
            KubernetesClient client,
            ClusterView view,
            Cluster cluster,
            Events events,
            Loops loops,
            Clocks clocks) {
        this.client = BriskClient.of(client);
        this.runs = view.watches().of(PatchRun.class);
        this.schedules = view.watches().of(PatchSchedule.class);
        this.webhook = new Webhook(loops, clocks.steady());
        this.rounds =
                new PatchRounds(
                        this.client,
                        new PatchRounds.Cached(view::fargatePods, view::machines, view::hosts),
                        new PatchRounds.Notices(
                                events,
                                webhook,
                                new TerminationEvent.Origin(
                                        cluster.account(), cluster.region(), cluster.name())),
                        clocks);
        this.clocks = clocks;
        this.loop = loops.loop("patching", Pace.every(PERIOD), this::pass);
    }

    /// Returns when the watches' lists are complete.
    public void start() {
        runs.onChange(ChangeHandler.anySpec(loop::nudge));
        runs.start().join();
        schedules.start().join();
        webhook.start();
        loop.start();
    }

    void pass() {
        var shown = runs.list().stream().sorted(AGE).toList();
        var waiting = shown.stream().filter(run -> !run.done()).toList();
        for (var schedule : schedules.list()) {
            follow(schedule, !waiting.isEmpty());
        }
        prune(shown.stream().filter(PatchRun::done).toList());
        if (!waiting.isEmpty()) {
            work(waiting.getFirst());
        }
    }

    /// The watch may lag behind what the last pass wrote.
    private void work(PatchRun shown) {
        @Nullable PatchRun run = client.resource(shown).get();
        if (run != null && !run.done() && run.getMetadata().getDeletionTimestamp() == null) {
            rounds.pass(run);
        }
    }

    private void follow(PatchSchedule schedule, boolean busy) {
        var next = ScheduledRuns.of(schedule, busy, clocks.wall().instant());
        next.run()
                .ifPresent(run -> {
                    ApiCall.ignoring(ApiCode.CONFLICT, () -> client.resource(run).create());
                    LOG.info("{} is due", run.getMetadata().getName());
                });
        if (!next.status().equals(schedule.getStatus())) {
            schedule.setStatus(next.status());
            client.resource(schedule).updateStatus();
        }
    }

    private void prune(List<PatchRun> done) {
        done.stream()
                .limit(Math.max(0, done.size() - KEPT))
                .forEach(run -> client.resource(run).delete());
    }

    @Override
    public void close() {
        loop.close();
        webhook.close();
        client.close();
    }
}
