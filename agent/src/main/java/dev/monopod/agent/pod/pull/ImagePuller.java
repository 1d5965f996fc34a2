package dev.monopod.agent.pod.pull;

import dev.monopod.agent.pod.life.PodInput;
import dev.monopod.agent.pod.scope.Backoff;
import dev.monopod.agent.pod.scope.MachineHandle;
import dev.monopod.agent.pod.scope.PodReports;
import dev.monopod.agent.pod.scope.PodScope;
import dev.monopod.agent.pod.scope.PodView;
import dev.monopod.agent.pod.spec.ContainerPlan;
import dev.monopod.host.image.ImageException;
import dev.monopod.host.image.ImageStore;
import dev.monopod.host.image.ImageStore.PullIdentity;
import dev.monopod.host.image.ImageStore.PullPolicy;
import dev.monopod.host.image.ImageStore.ResolvedImage;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicReference;

/// Gets the images of one pod: all references are resolved in parallel, which fixes the machine's
/// disks; then the contents are fetched while the machine boots. Trouble is told, and tried again
/// with the kubelet's back-off for as long as the pod lives.
public final class ImagePuller {
    private static final Duration FIRST_RETRY = Duration.ofSeconds(10);
    private static final Duration LAST_RETRY = Duration.ofSeconds(300);
    private static final Duration PROGRESS = Duration.ofSeconds(10);
    private static final Duration BEFORE_BACK_OFF = Duration.ofSeconds(2);

    private final PodView view;
    private final PodScope scope;
    private final PodReports reports;
    private final MachineHandle machine;
    private final PodImages registry;

    /// A pod's images leave room for those of others.
    private final Semaphore turns = new Semaphore(3, true);

    /// When the pull of a container's image began that is not over.
    private final Map<String, Instant> pulling = new ConcurrentHashMap<>();

    public ImagePuller(
            PodView view,
            PodScope scope,
            PodReports reports,
            MachineHandle machine,
            PodImages registry) {
        this.view = view;
        this.scope = scope;
        this.reports = reports;
        this.machine = machine;
        this.registry = registry;
    }

    /// Returns when the images of the lasting containers are resolved.
    public void resolveAll() throws InterruptedException {
        List<Future<?>> all = new ArrayList<>();
        for (var container : view.plan().lasting()) {
            all.add(
                    scope.submit(
                            "resolving of " + container.spec().getImage(),
                            () -> resolve(container)));
        }
        for (var one : all) {
            try {
                one.get();
            } catch (ExecutionException e) {
                throw new IllegalStateException("resolving images failed", e.getCause());
            }
        }
    }

    /// Fetches every image in the background and posts [PodInput.ImageReady] for each.
    public void fetchAll() {
        for (var container : view.plan().containers()) {
            scope.persevere("pull of " + container.spec().getImage(), () -> bring(container));
        }
    }

    /// Resolves the image if that is not done yet, and fetches it.
    public void bring(ContainerPlan container) throws InterruptedException {
        var known = machine.images().get(container.name());
        if (known == null || !known.reference().equals(container.image())) {
            resolve(container);
        }
        if (machine.images().containsKey(container.name())) {
            fetch(container);
        }
    }

    private Void resolve(ContainerPlan container) throws InterruptedException {
        retry(
                container,
                identity -> {
                    var here = here(container, identity);
                    if (here.isEmpty()) {
                        begin(container);
                    }
                    machine.images()
                            .put(
                                    container.name(),
                                    here.orElseGet(() ->
                                            images().resolve(
                                                            container.spec().getImage(),
                                                            PullPolicy.ALWAYS,
                                                            identity)));
                });
        return null;
    }

    /// The image, when the policy is content with what is on this host.
    private Optional<ResolvedImage> here(ContainerPlan container, PullIdentity identity) {
        var policy = policy(container);
        if (policy == PullPolicy.ALWAYS) {
            return Optional.empty();
        }
        try {
            return Optional.of(
                    images().resolve(container.spec().getImage(), PullPolicy.NEVER, identity));
        } catch (ImageException e) {
            if (policy == PullPolicy.IF_NOT_PRESENT
                    && e.reason() == ImageException.Reason.NEVER_PULL) {
                return Optional.empty();
            }
            throw e;
        }
    }

    private void begin(ContainerPlan container) {
        pulling.put(container.name(), scope.now());
        events(container).pulling();
    }

    private void fetch(ContainerPlan container) throws InterruptedException {
        var image = machine.image(container.name());
        if (!pulling.containsKey(container.name()) && images().present(image)) {
            // Not told by an agent that finds the pod as an earlier one left it.
            if (image.present()) {
                events(container).present();
            }
        } else {
            pull(container, image);
            if (scope.closed()) {
                return;
            }
        }
        if (view.plan().container(container.name()).image().equals(container.image())) {
            reports.post(new PodInput.ImageReady(container.name()));
        }
    }

    private void pull(ContainerPlan container, ResolvedImage image) throws InterruptedException {
        var told = new AtomicReference<Instant>(scope.now());
        retry(
                container,
                identity -> {
                    if (!pulling.containsKey(container.name())) {
                        begin(container);
                    }
                    var bytes =
                            images().fetch(
                                            image,
                                            identity,
                                            progress -> {
                                                if (due(told)) {
                                                    events(container)
                                                            .stillPulling(progress.bytesTotal());
                                                }
                                            });
                    var begun = Optional.ofNullable(pulling.remove(container.name())).orElseThrow();
                    events(container).pulled(Duration.between(begun, scope.now()), bytes);
                });
    }

    private boolean due(AtomicReference<Instant> told) {
        var now = scope.now();
        var last = told.get();
        return Duration.between(last, now).compareTo(PROGRESS) > 0 && told.compareAndSet(last, now);
    }

    /// One try.
    private interface Attempt {
        void run(PullIdentity identity);
    }

    private void retry(ContainerPlan container, Attempt attempt) throws InterruptedException {
        var delay = FIRST_RETRY;
        var ours = new Backoff();
        while (!scope.closed()) {
            try {
                turns.acquire();
                try {
                    attempt.run(registry.identity());
                } finally {
                    turns.release();
                }
                return;
            } catch (ImageException e) {
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
                pulling.remove(container.name());
                if (backOff(container, e, delay)) {
                    return;
                }
                delay = delay.multipliedBy(2);
                delay = delay.compareTo(LAST_RETRY) > 0 ? LAST_RETRY : delay;
            } catch (RuntimeException e) {
                // Not the registry: a secret that cannot be read, a full disk.
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
                pulling.remove(container.name());
                events(container).failed("ErrImagePull", String.valueOf(e.getMessage()));
                if (scope.pause(ours.next())) {
                    return;
                }
            }
        }
    }

    /// Tells and waits; true when the pod goes meanwhile.
    private boolean backOff(ContainerPlan container, ImageException e, Duration delay)
            throws InterruptedException {
        var message = String.valueOf(e.getMessage());
        return switch (e.reason()) {
            case PULL_FAILED -> {
                events(container).failed("ErrImagePull", message);
                if (scope.pause(BEFORE_BACK_OFF)) {
                    yield true;
                }
                events(container).backsOff(message);
                yield scope.pause(delay.minus(BEFORE_BACK_OFF));
            }
            // Nothing is asked of anybody, so there is no reason to ask ever more rarely.
            case NEVER_PULL -> {
                events(container).failed("ErrImageNeverPull", message);
                yield scope.pause(FIRST_RETRY);
            }
            case INVALID_NAME -> {
                events(container).failed("InvalidImageName", message);
                yield scope.pause(delay);
            }
        };
    }

    private ImageStore images() {
        return registry.store();
    }

    private PullEvents events(ContainerPlan container) {
        return new PullEvents(reports, container);
    }

    private static PullPolicy policy(ContainerPlan container) {
        var policy = container.spec().getImagePullPolicy();
        if ("Never".equals(policy)) {
            return PullPolicy.NEVER;
        }
        return "Always".equals(policy) ? PullPolicy.ALWAYS : PullPolicy.IF_NOT_PRESENT;
    }
}
