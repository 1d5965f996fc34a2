package dev.monopod.agent.pod.volume;

import dev.monopod.agent.pod.life.PodInput;
import dev.monopod.agent.pod.pull.PodImages;
import dev.monopod.agent.pod.scope.Backoff;
import dev.monopod.agent.pod.scope.MachineHandle;
import dev.monopod.agent.pod.scope.PodReports;
import dev.monopod.agent.pod.scope.PodScope;
import dev.monopod.agent.pod.scope.PodView;
import dev.monopod.agent.pod.spec.ContainerPlan;
import dev.monopod.host.image.ImageException;
import dev.monopod.host.image.ImageStore.PullPolicy;
import dev.monopod.kube.client.EventType;
import dev.monopod.protocol.guest.ImageVolume;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Volume;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/// The images that a pod has as volumes. Each is a disk of the machine, as its containers' images
/// are, so it is resolved before the machine starts. Trouble is told by the containers that mount
/// the volume, as the kubelet does.
public final class ImageVolumes {
    private static final Duration FIRST_RETRY = Duration.ofSeconds(10);
    private static final Duration LAST_RETRY = Duration.ofSeconds(300);

    private final PodView view;
    private final PodScope scope;
    private final PodReports reports;
    private final MachineHandle machine;
    private final PodImages registry;

    public ImageVolumes(
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

    public static List<Volume> of(Pod pod) {
        return pod.getSpec().getVolumes().stream()
                .filter(volume -> volume.getImage() != null)
                .toList();
    }

    /// Key of the image among those of the containers, whose names have no space.
    public static String key(Volume volume) {
        return "volume " + volume.getName();
    }

    /// Returns when all are resolved.
    public void resolveAll() throws InterruptedException {
        for (var volume : of(view.pod())) {
            resolve(volume);
        }
    }

    private void resolve(Volume volume) throws InterruptedException {
        var delay = FIRST_RETRY;
        var ours = new Backoff();
        while (!scope.closed()) {
            try {
                var image =
                        registry.store()
                                .resolve(
                                        volume.getImage().getReference(),
                                        policy(volume),
                                        registry.identity());
                machine.images().put(key(volume), image);
                return;
            } catch (ImageException e) {
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
                trouble(volume, reason(e), e);
            } catch (RuntimeException e) {
                // Not the registry: a secret that cannot be read, a full disk.
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
                trouble(volume, "ErrImagePull", e);
                if (scope.pause(ours.next())) {
                    return;
                }
                continue;
            }
            if (scope.pause(delay)) {
                return;
            }
            delay = delay.multipliedBy(2);
            delay = delay.compareTo(LAST_RETRY) > 0 ? LAST_RETRY : delay;
        }
    }

    private static String reason(ImageException e) {
        return switch (e.reason()) {
            case PULL_FAILED -> "ErrImagePull";
            case NEVER_PULL -> "ErrImageNeverPull";
            case INVALID_NAME -> "InvalidImageName";
        };
    }

    private void trouble(Volume volume, String reason, RuntimeException e) {
        var message = String.valueOf(e.getMessage());
        reports.event(
                EventType.WARNING,
                "Failed",
                "Failed to pull image \"%s\": %s"
                        .formatted(volume.getImage().getReference(), message));
        for (var container : view.plan().lasting()) {
            if (mounts(container, volume)) {
                reports.post(new PodInput.ImageTrouble(container.name(), reason, message));
            }
        }
    }

    private static boolean mounts(ContainerPlan container, Volume volume) {
        return container.spec().getVolumeMounts().stream()
                .anyMatch(mount -> mount.getName().equals(volume.getName()));
    }

    /// Fetches what is not here yet.
    ///
    /// @throws ImageException with the registry's words
    ImageVolume render(Volume volume) {
        var image = machine.image(key(volume));
        var name = volume.getImage().getReference();
        if (image.present()) {
            tell("Container image \"%s\" already present on machine".formatted(name));
        } else {
            var begun = System.nanoTime();
            tell("Pulling image \"%s\"".formatted(name));
            registry.store().fetch(image, registry.identity(), _ -> {});
            tell(
                    "Successfully pulled image \"%s\" in %s"
                            .formatted(name, seconds(System.nanoTime() - begun)));
        }
        return ImageVolume.newBuilder().setDiskSlot(machine.slot(key(volume))).build();
    }

    private void tell(String message) {
        var reason = message.startsWith("Pulling") ? "Pulling" : "Pulled";
        reports.event(EventType.NORMAL, reason, message);
    }

    private static String seconds(long nanos) {
        return String.format(Locale.ROOT, "%.3fs", nanos / 1e9);
    }

    private static PullPolicy policy(Volume volume) {
        return switch (String.valueOf(volume.getImage().getPullPolicy())) {
            case "Never" -> PullPolicy.NEVER;
            case "Always" -> PullPolicy.ALWAYS;
            default -> PullPolicy.IF_NOT_PRESENT;
        };
    }
}
