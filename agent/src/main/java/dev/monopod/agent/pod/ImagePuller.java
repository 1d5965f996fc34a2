package dev.monopod.agent.pod;

import dev.monopod.agent.image.ImageException;
import dev.monopod.agent.image.ImageStore.PullPolicy;
import dev.monopod.agent.image.ImageStore.PullProgress;
import dev.monopod.agent.image.ImageStore.RegistryCredential;
import dev.monopod.agent.image.ImageStore.ResolvedImage;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/// Gets the images of one pod: all references are resolved in parallel, which fixes the machine's
/// disks; then the contents are fetched while the machine boots. Trouble is told, and tried again
/// with the kubelet's back-off for as long as the pod lives.
final class ImagePuller {
    private static final Duration FIRST_RETRY = Duration.ofSeconds(10);
    private static final Duration LAST_RETRY = Duration.ofSeconds(300);
    private static final Duration PROGRESS = Duration.ofSeconds(10);

    private final PodRuntime runtime;

    ImagePuller(PodRuntime runtime) {
        this.runtime = runtime;
    }

    /// Returns when the images of the lasting containers are resolved.
    void resolveAll() throws InterruptedException {
        List<Future<?>> all = new ArrayList<>();
        for (ContainerPlan container : runtime.plan().lasting()) {
            all.add(runtime.tasks().submit(() -> resolve(container)));
        }
        for (Future<?> one : all) {
            try {
                one.get();
            } catch (ExecutionException e) {
                throw new IllegalStateException("resolving images failed", e.getCause());
            }
        }
    }

    /// Fetches every image in the background and posts [PodInput.ImageReady] for each.
    void fetchAll() {
        for (ContainerPlan container : runtime.plan().containers()) {
            runtime.run("pull of " + container.spec().getImage(), () -> bring(container));
        }
    }

    /// Resolves the image if that is not done yet, and fetches it.
    void bring(ContainerPlan container) throws InterruptedException {
        ResolvedImage known = runtime.images().get(container.name());
        if (known == null || !known.reference().equals(container.image())) {
            resolve(container);
        }
        if (runtime.images().containsKey(container.name())) {
            fetch(container);
        }
    }

    private Void resolve(ContainerPlan container) throws InterruptedException {
        retry(
                container,
                () -> {
                    PullPolicy policy = policy(container);
                    ResolvedImage image =
                            runtime.services()
                                    .images()
                                    .resolve(container.spec().getImage(), policy, credentials());
                    runtime.images().put(container.name(), image);
                });
        return null;
    }

    private void fetch(ContainerPlan container) throws InterruptedException {
        ResolvedImage image = runtime.image(container.name());
        String name = container.spec().getImage();
        if (image.present()) {
            normal(
                    container,
                    "Pulled",
                    "Container image \"%s\" already present on machine".formatted(name));
        } else {
            normal(container, "Pulling", "Pulling image \"%s\"".formatted(name));
            Instant begun = Instant.now();
            AtomicLong size = new AtomicLong();
            AtomicReference<Instant> told = new AtomicReference<>(begun);
            retry(
                    container,
                    () ->
                            runtime.services()
                                    .images()
                                    .fetch(
                                            image,
                                            credentials(),
                                            progress -> tell(container, progress, size, told)));
            if (runtime.closed()) {
                return;
            }
            String took = seconds(Duration.between(begun, Instant.now()));
            normal(
                    container,
                    "Pulled",
                    "Successfully pulled image \"%s\" in %s (%s including waiting). Image size: %d bytes."
                            .formatted(name, took, took, size.get()));
        }
        if (runtime.plan().container(container.name()).image().equals(container.image())) {
            runtime.post(new PodInput.ImageReady(container.name()));
        }
    }

    private void tell(
            ContainerPlan container,
            PullProgress progress,
            AtomicLong size,
            AtomicReference<Instant> told) {
        size.set(progress.bytesTotal());
        Instant now = Instant.now();
        Instant last = told.get();
        if (Duration.between(last, now).compareTo(PROGRESS) > 0 && told.compareAndSet(last, now)) {
            normal(
                    container,
                    "Pulling",
                    "Pulling image \"%s\": %d of %d bytes"
                            .formatted(
                                    container.spec().getImage(),
                                    progress.bytesDone(),
                                    progress.bytesTotal()));
        }
    }

    private void retry(ContainerPlan container, Runnable attempt) throws InterruptedException {
        Duration delay = FIRST_RETRY;
        while (!runtime.closed()) {
            try {
                attempt.run();
                return;
            } catch (ImageException e) {
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
                String name = container.spec().getImage();
                String reason =
                        switch (e.reason()) {
                            case PULL_FAILED -> "ErrImagePull";
                            case NEVER_PULL -> "ErrImageNeverPull";
                            case INVALID_NAME -> "InvalidImageName";
                        };
                String message = String.valueOf(e.getMessage());
                runtime.post(new PodInput.ImageTrouble(container.name(), reason, message));
                warn(
                        container,
                        "Failed",
                        "Failed to pull image \"%s\": %s".formatted(name, message));
                warn(container, "Failed", "Error: " + reason);
                if (runtime.pause(Duration.ofSeconds(2))) {
                    return;
                }
                if (reason.equals("ErrImagePull")) {
                    String backOff = "Back-off pulling image \"%s\"".formatted(name);
                    runtime.event(
                            PodApi.EventType.Normal, "BackOff", backOff, container.fieldPath());
                    runtime.post(
                            new PodInput.ImageTrouble(
                                    container.name(),
                                    "ImagePullBackOff",
                                    backOff + ": ErrImagePull: " + message));
                }
                if (runtime.pause(delay)) {
                    return;
                }
                delay = delay.multipliedBy(2);
                delay = delay.compareTo(LAST_RETRY) > 0 ? LAST_RETRY : delay;
            }
        }
    }

    private List<RegistryCredential> credentials() {
        return PullSecrets.of(runtime.pod(), runtime.services().source());
    }

    private static PullPolicy policy(ContainerPlan container) {
        String policy = container.spec().getImagePullPolicy();
        if ("Never".equals(policy)) {
            return PullPolicy.NEVER;
        }
        return "Always".equals(policy) ? PullPolicy.ALWAYS : PullPolicy.IF_NOT_PRESENT;
    }

    private void normal(ContainerPlan container, String reason, String message) {
        runtime.event(PodApi.EventType.Normal, reason, message, container.fieldPath());
    }

    private void warn(ContainerPlan container, String reason, String message) {
        runtime.event(PodApi.EventType.Warning, reason, message, container.fieldPath());
    }

    private static String seconds(Duration duration) {
        return duration.compareTo(Duration.ofSeconds(1)) < 0
                ? duration.toMillis() + "ms"
                : String.format(Locale.ROOT, "%.3fs", duration.toMillis() / 1000.0);
    }
}
