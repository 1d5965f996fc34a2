package dev.monopod.agent.pod.volume;

import dev.monopod.agent.pod.scope.PodScope;
import dev.monopod.agent.pod.scope.PodView;
import dev.monopod.protocol.guest.WriteVolumeRequest;
import io.fabric8.kubernetes.api.model.Volume;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What a pod's volumes show, read while its machine is on its way: tokens, ConfigMaps, Secrets. It
/// counts for a moment only, since a machine that boots takes seconds. What can't be read is left
/// to whoever needs it. Thread-safe.
final class VolumesAhead {
    private static final Logger LOG = LoggerFactory.getLogger(VolumesAhead.class);
    private static final Duration MOMENT = Duration.ofSeconds(1);

    private final PodView view;
    private final PodScope scope;
    private final VolumeRequests requests;
    private final Map<String, Read> read = new ConcurrentHashMap<>();
    private volatile Optional<Future<Boolean>> reading = Optional.empty();

    private record Read(WriteVolumeRequest request, Instant at) {}

    VolumesAhead(PodView view, PodScope scope, VolumeRequests requests) {
        this.view = view;
        this.scope = scope;
        this.requests = requests;
    }

    /// @param bound when the pod is bound: nobody is given tokens for others
    void begin(CountDownLatch bound) {
        reading =
                Optional.of(
                        scope.submit(
                                "reading what volumes show",
                                () -> {
                                    bound.await();
                                    readAll();
                                    return true;
                                }));
    }

    private void readAll() {
        for (var volume : view.pod().getSpec().getVolumes()) {
            if (!scope.closed() && VolumeRequests.isOfObjects(volume)) {
                try {
                    var request = requests.render(volume);
                    read.put(volume.getName(), new Read(request, scope.steady()));
                } catch (RuntimeException e) {
                    LOG.debug("{}: read later: {}", view.plan().display(), e.toString());
                }
            }
        }
    }

    /// Nothing is read any more when this returns, if anything was.
    void await() throws InterruptedException {
        if (reading.isPresent()) {
            try {
                var unused = reading.get().get();
            } catch (ExecutionException e) {
                LOG.warn("{}: failed to read ahead", view.plan().display(), e.getCause());
            }
        }
    }

    /// Once.
    Optional<WriteVolumeRequest> take(Volume volume) {
        return Optional.ofNullable(read.remove(volume.getName()))
                .filter(it -> scope.steady().isBefore(it.at().plus(MOMENT)))
                .map(Read::request);
    }
}
