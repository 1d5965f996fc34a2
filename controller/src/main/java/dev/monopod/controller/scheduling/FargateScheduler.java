package dev.monopod.controller.scheduling;

import dev.monopod.controller.ClusterView;
import dev.monopod.controller.profile.LaunchBlocks;
import dev.monopod.eks.sts.ExecutionRoles;
import dev.monopod.kube.api.Machine;
import dev.monopod.kube.client.ApiCode;
import dev.monopod.kube.client.Events;
import dev.monopod.logging.plan.PodLogging;
import dev.monopod.model.loop.Loop;
import dev.monopod.model.loop.Loops;
import dev.monopod.model.loop.Pace;
import dev.monopod.model.loop.RetryQueue;
import dev.monopod.model.size.MemoryOverhead;
import dev.monopod.model.time.Clocks;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The fargate-scheduler. One thread decides, in the order of arrival, and waits for no network:
/// what it decides is held in the ledger at once, and carried out by workers, at most one for each
/// pod. The address is claimed first ([AddressClaim]); creating the Machine is the commit point.
/// Claim and Machine have names that can exist once, so that two who both take themselves for the
/// leader give no address twice and place no pod twice. Node and Binding follow, if the host has
/// room for all Machines that it was given by then. A pod that can't be placed is retried for ever,
/// and at once when something changes.
///
/// | a worker's call ends with | the place in the ledger | the pod |
/// | --- | --- | --- |
/// | "the address is taken" | is free again, the address rests | is decided again, at once |
/// | success | stays, as its machine's | is bound |
/// | "exists already" | goes to the Machine that exists | is bound to that one |
/// | success, but the host has less than it was given | stays, as its machine's | its Machine goes, and it is decided again |
/// | "the pod has changed" | stays, as its machine's | is judged again, and its Machine goes if it no longer fits |
/// | a refusal | is free again | is decided again, after its back-off |
/// | no answer | stays held, for the Machine may exist | its Machine is looked for, after its back-off |
public final class FargateScheduler implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(FargateScheduler.class);
    private static final String CHANGED = "the pod has changed since";
    private static final int MOST_WORKERS = 64;

    private final Function<String, @Nullable Pod> pods;
    private final Scheduling scheduling;
    private final Ledger ledger;
    private final PlacementApi api;
    private final PodNews news;
    private final RetryQueue queue;
    private final KeysAtWork atWork = new KeysAtWork();
    private final Map<String, SchedulingStep.Hold> untold = new ConcurrentHashMap<>();
    private final ExecutorService workers =
            Executors.newFixedThreadPool(
                    MOST_WORKERS, Thread.ofVirtual().name("scheduler-worker-", 0).factory());
    private final Loop loop;

    /// @param pods those without a node, by `NAMESPACE/NAME`, as a watch shows them
    FargateScheduler(
            Function<String, @Nullable Pod> pods,
            Scheduling scheduling,
            Ledger ledger,
            PlacementApi api,
            PodNews news,
            Loops loops) {
        this.pods = pods;
        this.scheduling = scheduling;
        this.ledger = ledger;
        this.api = api;
        this.news = news;
        this.loop = loops.planned("scheduler", Pace.whenNudged(), this::pass);
        this.queue = new RetryQueue(System::nanoTime, loop::nudge);
    }

    /// Over the API server.
    public static FargateScheduler of(
            KubernetesClient client,
            ClusterView cluster,
            MemoryOverhead overhead,
            ExecutionRoles roles,
            Events events,
            Loops loops,
            Clocks clocks) {
        var ledger = Ledger.of(cluster, clocks);
        return new FargateScheduler(
                cluster::unassignedPod,
                new Scheduling(
                        ledger,
                        cluster::claim,
                        overhead,
                        cluster::fargatePod,
                        new LaunchBlocks(cluster, roles)::of),
                ledger,
                new KubernetesPlacementApi(client, clocks),
                new PodNews(events, cluster::logging),
                loops);
    }

    /// Call once, when the cluster view is complete.
    public void start(ClusterView cluster) {
        cluster.onUnassignedPod(pod -> add(key(pod)));
        cluster.onPlacementChange(() -> {
            queue.wakeAll();
            // Pods of the default scheduler are not in the queue: a profile may take them.
            cluster.unassignedPods().forEach(pod -> add(key(pod)));
        });
        cluster.onClaimChange(queue::wakeAll);
        cluster.onMachine(machine -> {
            if (cluster.machines().stream().noneMatch(m -> same(m, machine))) {
                ledger.released(machine);
            }
        });
        cluster.unassignedPods().forEach(pod -> add(key(pod)));
        start();
    }

    void start() {
        try {
            ledger.keep(api.earlier());
        } catch (KubernetesClientException e) {
            // Those addresses are taken all the same, until the sweep gives them back.
            LOG.info("failed to look for what was claimed before: {}", e.getMessage());
        }
        loop.start();
    }

    /// The pod is new, or has changed.
    void add(String key) {
        queue.add(key);
    }

    private static boolean same(Machine one, Machine other) {
        return one.getMetadata().getName().equals(other.getMetadata().getName());
    }

    @Override
    public void close() {
        loop.close();
        workers.shutdownNow();
    }

    private Duration pass() {
        return queue.work(
                key -> {
                    if (atWork.begin(key)) {
                        decide(key);
                    }
                },
                (key, e) ->
                        LOG.warn("{}: failed to schedule, trying again: {}", key, e.toString()));
    }

    /// Ends the work on the key, or hands it to a worker that does.
    private void decide(String key) {
        try {
            switch (scheduling.decide(key, pods.apply(key))) {
                case SchedulingStep.Rest() -> done(key);
                case SchedulingStep.Later() -> retry(key);
                case SchedulingStep.Refuse(var pod, var message) -> {
                    news.refused(pod, message);
                    done(key);
                }
                case SchedulingStep.Hold hold -> {
                    hold(key, hold);
                    retry(key);
                }
                case SchedulingStep.Create(var pod, var machine) ->
                        work(key, () -> create(pod, machine));
                case SchedulingStep.Settle(var pod, var machine) ->
                        work(key, () -> settle(pod, machine, api.machine(machine)));
                case SchedulingStep.Undo(var pod, var machine) ->
                        work(key, () -> undo(pod, machine, CHANGED));
            }
        } catch (RuntimeException e) {
            LOG.warn("{}: failed to schedule, trying again: {}", key, e.toString());
            retry(key);
        } catch (Error e) {
            // The loop goes on with the others, and this pod must not count as worked on for ever.
            retry(key);
            throw e;
        }
    }

    /// Work on a pod.
    private interface Work {
        /// Returns whether the pod is done; else it is tried again.
        boolean run();
    }

    private void work(String key, Work work) {
        workers.execute(() -> {
            var done = false;
            try {
                done = work.run();
            } catch (RuntimeException e) {
                LOG.warn("{}: failed to place, trying again: {}", key, e.toString());
            } finally {
                if (done) {
                    done(key);
                } else {
                    retry(key);
                }
            }
        });
    }

    private void done(String key) {
        queue.done(key);
        end(key);
    }

    private void retry(String key) {
        queue.retry(key);
        end(key);
    }

    private void end(String key) {
        if (atWork.end(key)) {
            queue.add(key);
        }
    }

    /// The event at once, the condition by a worker: the last that was decided, if several come
    /// while one is written.
    private void hold(String key, SchedulingStep.Hold hold) {
        news.held(hold);
        if (untold.put(key, hold) == null) {
            workers.execute(() -> tell(key));
        }
    }

    private void tell(String key) {
        for (var hold = untold.get(key); hold != null; hold = untold.get(key)) {
            try {
                api.notScheduled(hold.pod(), hold.reason(), hold.message());
            } catch (RuntimeException e) {
                // The next decision about the pod writes it.
                LOG.info("{}: failed to write why it waits: {}", key, e.toString());
            }
            untold.remove(key, hold);
        }
    }

    /// What is to be created, and the pod as it is bound, with what its annotation tells of
    /// logging.
    private record Ready(Pod pod, Machine machine, PodLogging logging) {}

    /// The address is claimed while what decides besides the pod is read: few pods lack something,
    /// and then the address is given back.
    private boolean create(Pod judged, Machine draft) {
        var claiming = CallBeside.begin(() -> api.claim(draft));
        Optional<Ready> prepared = Optional.empty();
        Optional<AddressClaim> claimed = Optional.empty();
        try {
            try {
                prepared = prepare(judged, draft);
            } finally {
                claimed = claiming.result();
            }
        } finally {
            if (prepared.isEmpty() || claimed.isEmpty()) {
                claimed.ifPresent(api::release);
                // Nothing was created, so nothing is to be looked for.
                ledger.free(draft.getMetadata().getName());
            }
        }
        if (prepared.isEmpty()) {
            return false;
        }
        if (claimed.isEmpty()) {
            LOG.info("{}: {} is taken, another address is looked for", key(judged), address(draft));
            ledger.released(draft);
            queue.add(key(judged));
            return false;
        }
        return commit(prepared.get(), claimed.get());
    }

    private boolean commit(Ready ready, AddressClaim claim) {
        var name = ready.machine().getMetadata().getName();
        Machine created;
        try {
            created = api.create(ready.machine(), claim);
        } catch (KubernetesClientException e) {
            if (ApiCode.CONFLICT.in(e)) {
                var found = api.machine(name);
                if (found.filter(it -> address(it).equals(address(ready.machine()))).isEmpty()) {
                    api.release(claim);
                }
                return settle(ready.pod(), name, found);
            }
            if (ApiCode.refused(e)) {
                api.release(claim);
                ledger.free(name);
            }
            throw e;
        }
        ledger.created(created);
        return bind(ready.pod(), created, ready.logging());
    }

    private static String address(Machine machine) {
        return machine.getSpec().network().address();
    }

    /// Looks up what only the API server itself knows for certain, and tells it on a pod that no
    /// webhook saw. Empty if the pod lacks what it can't be given, or has changed meanwhile.
    private Optional<Ready> prepare(Pod pod, Machine draft) {
        var surroundings = api.surroundings(pod);
        var lacking = surroundings.lacking(pod);
        if (lacking.isPresent()) {
            hold(key(pod), new SchedulingStep.Hold(pod, "Unschedulable", lacking.get()));
            return Optional.empty();
        }
        var logging = news.logging();
        var machine =
                Machines.with(
                        draft, surroundings.securityGroups(pod, draft.getSpec()), logging.kept());
        var marks = PodMarks.of(machine, logging);
        var marked = marks.standOn(pod) ? Optional.of(pod) : api.mark(pod, marks);
        return marked.map(known -> new Ready(known, machine, logging));
    }

    private boolean settle(Pod pod, String name, Optional<Machine> found) {
        if (found.isEmpty()) {
            ledger.free(name);
            return false;
        }
        var machine = found.get();
        ledger.created(machine);
        if (machine.getMetadata().getDeletionTimestamp() != null) {
            // Its name is taken until the host has taken it down.
            return false;
        }
        if (!Machines.agree(
                machine, api.surroundings(pod).securityGroups(pod, machine.getSpec()))) {
            return undo(pod, name, CHANGED);
        }
        return bind(pod, machine, news.logging(machine));
    }

    /// @param why the Machine can't be the pod's
    private boolean undo(Pod pod, String name, String why) {
        var found = api.machine(name);
        if (found.isEmpty()) {
            ledger.free(name);
            return false;
        }
        LOG.info("{}: {} was made for it and goes: {}", key(pod), name, why);
        ledger.created(found.get());
        api.delete(found.get());
        return false;
    }

    /// Returns whether the pod is bound; one that was edited meanwhile is judged again. What
    /// another leader has put on the same host may be too much with this Machine, which then goes.
    private boolean bind(Pod pod, Machine machine, PodLogging logging) {
        if (!ledger.hasRoom(machine)) {
            return undo(
                    pod,
                    machine.getMetadata().getName(),
                    "host %s was given more than it has".formatted(machine.getSpec().host()));
        }
        if (!api.bind(pod, machine)) {
            return false;
        }
        var spec = machine.getSpec();
        news.placed(pod, key(pod), spec.nodeName(), logging);
        LOG.info(
                "{} runs as {} on {} at {}",
                key(pod),
                machine.getMetadata().getName(),
                spec.host(),
                spec.network().address());
        return true;
    }

    private static String key(Pod pod) {
        return pod.getMetadata().getNamespace() + "/" + pod.getMetadata().getName();
    }
}
