package dev.monopod.agent.pod.volume;

import dev.monopod.agent.pod.scope.MachineHandle;
import dev.monopod.agent.pod.scope.PodReports;
import dev.monopod.agent.pod.scope.PodScope;
import dev.monopod.agent.pod.scope.PodView;
import dev.monopod.kube.client.EventType;
import dev.monopod.model.loop.Pace;
import dev.monopod.protocol.guest.WriteVolumeRequest;
import io.fabric8.kubernetes.api.model.Volume;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.function.Function;

/// Brings the pod's files and volumes into its guest and keeps them fresh. Used by one thread, and
/// once they are fresh by a loop. Changes of ConfigMaps and Secrets are found by asking, those of
/// the pod itself come at once.
public final class PodVolumes {
    private static final Duration CALL = Duration.ofSeconds(30);
    private static final Duration FIRST_RETRY = Duration.ofMillis(500);
    private static final Duration LAST_RETRY = Duration.ofSeconds(60);
    private static final Duration REFRESH = Duration.ofSeconds(5);

    /// A failure that stays the same is told as often.
    private static final Duration TELL_AGAIN = Duration.ofSeconds(60);

    private final PodView view;
    private final PodScope scope;
    private final PodReports reports;
    private final MachineHandle machine;
    private final VolumeRequests requests;
    private final PodFiles files;
    private final VolumesAhead ahead;
    private final Map<String, WriteVolumeRequest> written = new HashMap<>();
    private final Map<String, Told> failures = new HashMap<>();

    private record Told(String failure, Instant at) {}

    public PodVolumes(
            PodView view,
            PodScope scope,
            PodReports reports,
            MachineHandle machine,
            VolumeRequests requests,
            PodFiles files) {
        this.view = view;
        this.scope = scope;
        this.reports = reports;
        this.machine = machine;
        this.requests = requests;
        this.files = files;
        this.ahead = new VolumesAhead(view, scope, requests);
    }

    /// Begins to read what the volumes show, as soon as the pod is bound, while its machine is on
    /// its way.
    public void readAhead(CountDownLatch bound) {
        ahead.begin(bound);
    }

    /// Returns when everything is written; tells of each failure and tries again.
    public void prepare() throws InterruptedException {
        var delay = FIRST_RETRY;
        ahead.await();
        while (!scope.closed()) {
            if (files.write() & writeAll(this::rendered, unfinished())) {
                return;
            }
            if (scope.pause(delay)) {
                return;
            }
            delay = delay.multipliedBy(2);
            delay = delay.compareTo(LAST_RETRY) > 0 ? LAST_RETRY : delay;
        }
    }

    private WriteVolumeRequest rendered(Volume volume) {
        return ahead.take(volume).orElseGet(() -> requests.render(volume));
    }

    /// Writes what changed, for as long as the pod lives.
    public void refresh() {
        var changing = view.pod().getSpec().getVolumes().stream().filter(Volumes::changes).toList();
        if (!changing.isEmpty()) {
            var loop =
                    scope.loop(
                            "pod-volumes",
                            "volumes",
                            Pace.every(REFRESH).after(REFRESH),
                            () -> writeAll(requests::renderRecent, changing));
            view.onNews(loop::nudge);
        }
    }

    /// What is not there yet. Servers come last: one that does not answer holds up no other volume.
    private List<Volume> unfinished() {
        return view.pod().getSpec().getVolumes().stream()
                .filter(volume -> Volumes.changes(volume) || !written.containsKey(volume.getName()))
                .sorted(Comparator.comparing(NetworkVolumes::is))
                .toList();
    }

    private boolean writeAll(Function<Volume, WriteVolumeRequest> render, List<Volume> volumes) {
        var all = true;
        for (var volume : volumes) {
            if (scope.closed()) {
                return false;
            }
            try {
                var request = render.apply(volume);
                if (!request.equals(written.get(volume.getName()))) {
                    machine.guest().blocking(CALL).writeVolume(request);
                    written.put(volume.getName(), request);
                }
                failures.remove(volume.getName());
            } catch (RuntimeException e) {
                all = false;
                tell(volume, e);
            }
        }
        return all;
    }

    private void tell(Volume volume, RuntimeException e) {
        if (scope.closed()) {
            return;
        }
        var failure =
                e instanceof StatusRuntimeException status
                                && status.getStatus().getDescription() != null
                        ? status.getStatus().getDescription()
                        : String.valueOf(e.getMessage());
        var now = scope.steady();
        var told = failures.get(volume.getName());
        if (told != null
                && told.failure().equals(failure)
                && now.isBefore(told.at().plus(TELL_AGAIN))) {
            return;
        }
        failures.put(volume.getName(), new Told(failure, now));
        reports.event(
                EventType.WARNING,
                "FailedMount",
                "MountVolume.SetUp failed for volume \"%s\" : %s"
                        .formatted(volume.getName(), failure));
    }
}
