package dev.monopod.controller.patching;

import dev.monopod.kube.api.Host;
import dev.monopod.kube.api.Machine;
import dev.monopod.kube.api.PatchRun;
import dev.monopod.kube.api.PatchRunSpec;
import dev.monopod.kube.api.PatchRunSpec.Pods;
import dev.monopod.kube.api.PatchRunStatus.Refused;
import dev.monopod.kube.client.Events;
import dev.monopod.kube.eviction.Budgets;
import dev.monopod.kube.eviction.EvictionAnswer;
import dev.monopod.kube.eviction.Evictions;
import dev.monopod.kube.patching.PatchTarget;
import dev.monopod.model.time.Clocks;
import dev.monopod.model.time.Moment;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Works on a round of patching. All that matters is in the PatchRun and in the pods themselves, so
/// another process can go on at any step: what is left is looked up anew in each pass, and a
/// refusal is written down before anybody is told of it, or a pod deleted for it. One thread.
final class PatchRounds {
    private static final Logger LOG = LoggerFactory.getLogger(PatchRounds.class);

    private final KubernetesClient client;
    private final Cached cached;
    private final Evictions evictions;
    private final Notices notices;
    private final Clocks clocks;
    private final Patience patience = new Patience();
    private final Deadlines deadlines = new Deadlines();

    /// What this process has told of refused pods, by their UIDs.
    private final Map<String, TerminationEvent> told = new HashMap<>();

    /// UID of the round that all of these are of.
    private String current = "";

    /// What the watches show; it may lag.
    record Cached(
            Supplier<List<Pod>> pods,
            Supplier<List<Machine>> machines,
            Supplier<List<Host>> hosts) {}

    /// To whom refusals are told, and as whose.
    record Notices(Events events, Webhook webhook, TerminationEvent.Origin origin) {}

    /// @param client that gives up a call within seconds
    PatchRounds(KubernetesClient client, Cached cached, Notices notices, Clocks clocks) {
        this.client = client;
        this.cached = cached;
        this.evictions = new Evictions(client);
        this.notices = notices;
        this.clocks = clocks;
    }

    /// One pass over a round that is not done.
    ///
    /// @param run as the API server has it now
    void pass(PatchRun run) {
        var now = clocks.now();
        turnTo(run);
        var targets = targets(run);
        var round = new Round(run, targets);
        tell(run, round, targets);
        var candidates = candidates(round, targets, now);
        forget(candidates);
        var plan = PatchPlan.of(candidates);
        for (var each : plan.lastTries()) {
            apart(each, round, () -> lastTry(each, round));
        }
        for (var each : round.full() ? List.<Candidate>of() : plan.evictions()) {
            apart(each, round, () -> evict(each, round, run.getSpec(), now));
        }
        if (round.full()) {
            round.waits("%d refused pods are waited for".formatted(Round.MOST_REFUSED));
        }
        var status = round.status(plan, now.wall());
        if (!status.equals(run.getStatus())) {
            run.setStatus(status);
            // With its version: what another wrote meanwhile is read first.
            client.resource(run).updateStatus();
        }
        if (run.done()) {
            LOG.info("{}: done", run.getMetadata().getName());
            forget(List.of());
        }
    }

    /// A round that was deleted leaves what was noted for it.
    private void turnTo(PatchRun run) {
        if (!run.getMetadata().getUid().equals(current)) {
            forget(List.of());
            current = run.getMetadata().getUid();
        }
    }

    /// A pod of which the API server can't tell, such as for a webhook of its namespace that does
    /// not answer, is tried again in the next pass, and holds up no other.
    private void apart(Candidate pod, Round round, Runnable act) {
        try {
            act.run();
        } catch (KubernetesClientException e) {
            LOG.debug("{}: not evicted in this pass: {}", pod.target().display(), e.toString());
            round.waits("%s could not be evicted yet".formatted(pod.target().display()));
        }
    }

    private List<PatchTarget> targets(PatchRun run) {
        var which = run.getSpec().pods();
        return PatchTarget.of(
                cached.pods().get(),
                cached.machines().get(),
                cached.hosts().get(),
                which == null ? Pods.OutOfDate : which,
                Instant.parse(run.getMetadata().getCreationTimestamp()));
    }

    private List<Candidate> candidates(Round round, List<PatchTarget> targets, Moment now) {
        if (targets.isEmpty()) {
            return List.of();
        }
        var budgets = Budgets.read(client);
        return targets.stream()
                .map(target -> {
                    var refused = round.refusal(target);
                    var due = refused.filter(each -> deadlines.due(each, now)).isPresent();
                    return Candidate.of(target, budgets, refused, due);
                })
                .toList();
    }

    private void evict(Candidate pod, Round round, PatchRunSpec spec, Moment now) {
        var display = pod.target().display();
        switch (evictions.evict(pod.target().pod())) {
            case EvictionAnswer.Evicted() -> {
                round.evicted();
                patience.renew(pod.group());
                LOG.info("{}: evicted", display);
            }
            case EvictionAnswer.Gone() -> {}
            case EvictionAnswer.Refused(var why) -> {
                if (patience.left(pod.group(), pod.hope(), now.steady())) {
                    round.waits("%s waits for its budget".formatted(display));
                    return;
                }
                var termination = now.wall().plus(spec.deadline());
                round.refused(pod.target(), why, now.wall(), termination);
                deadlines.begin(pod.target().uid(), spec.deadline(), now);
                LOG.warn("{}: {}; to be deleted at {}", display, why, termination);
            }
        }
    }

    private void lastTry(Candidate pod, Round round) {
        var display = pod.target().display();
        switch (evictions.evict(pod.target().pod())) {
            case EvictionAnswer.Evicted() -> {
                round.evicted();
                LOG.info("{}: evicted at its deadline", display);
            }
            case EvictionAnswer.Gone() -> {}
            case EvictionAnswer.Refused(var why) -> {
                if (evictions.delete(pod.target().pod())) {
                    round.deleted();
                    LOG.warn("{}: deleted at its deadline: {}", display, why);
                }
            }
        }
    }

    /// Of refusals that stand in the object already.
    private void tell(PatchRun run, Round round, List<PatchTarget> targets) {
        for (var target : targets) {
            var refused = round.refusal(target).filter(each -> !each.notified());
            if (refused.isEmpty()) {
                continue;
            }
            var event =
                    told.computeIfAbsent(
                            target.uid(), _ -> tellPod(current, target, refused.get()));
            var url = run.getSpec().notifyUrl();
            if (url == null || notices.webhook().settled(event.id(), url, event.body())) {
                round.told(refused.get());
            }
        }
    }

    private TerminationEvent tellPod(String run, PatchTarget target, Refused refused) {
        var event =
                new TerminationEvent(
                        notices.origin(),
                        run,
                        target.profile(),
                        evictions.maker(target.pod()),
                        refused);
        notices.events().warning(target.pod(), TerminationEvent.REASON, event.message());
        return event;
    }

    /// What concerns pods that are gone.
    private void forget(Collection<Candidate> left) {
        var uids = left.stream().map(each -> each.target().uid()).collect(Collectors.toSet());
        patience.keepOnly(left.stream().map(Candidate::group).collect(Collectors.toSet()));
        deadlines.keepOnly(uids);
        told.keySet().retainAll(uids);
        notices.webhook()
                .keepOnly(
                        told.values().stream()
                                .map(TerminationEvent::id)
                                .collect(Collectors.toSet()));
    }
}
