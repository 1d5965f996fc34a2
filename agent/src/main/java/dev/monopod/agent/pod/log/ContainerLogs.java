package dev.monopod.agent.pod.log;

import dev.monopod.agent.pod.scope.MachineHandle;
import dev.monopod.agent.pod.scope.PodScope;
import dev.monopod.agent.pod.scope.PodView;
import dev.monopod.agent.pod.spec.ContainerIds;
import dev.monopod.host.guest.GuestLog;
import dev.monopod.protocol.guest.ReadLogRequest;
import io.grpc.Context;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/// Copies what containers say out of the guest, one thread per attempt, from where the host's file
/// ends. The guest holds a container back rather than losing output, so nothing is lost when a copy
/// pauses.
public final class ContainerLogs {
    private static final Logger LOG = LoggerFactory.getLogger(ContainerLogs.class);
    private static final Duration RETRY = Duration.ofSeconds(1);

    private final PodView view;
    private final PodScope scope;
    private final MachineHandle machine;
    private final GuestLog log;
    private final Map<String, CountDownLatch> copies = new ConcurrentHashMap<>();

    public ContainerLogs(PodView view, PodScope scope, MachineHandle machine) {
        this.view = view;
        this.scope = scope;
        this.machine = machine;
        this.log = new GuestLog(LOG, scope.clock());
    }

    /// Starts copying an attempt's output; a second call for it does nothing.
    public void copy(String container, int attempt) {
        var id = ContainerIds.of(view.plan().uid(), container, attempt);
        var done = new CountDownLatch(1);
        if (copies.putIfAbsent(id, done) == null) {
            scope.run(
                    "log of " + container,
                    () -> {
                        try {
                            follow(id, container, attempt);
                        } finally {
                            done.countDown();
                        }
                    });
        }
    }

    /// Waits until every copy is complete, or patience ends.
    public void awaitAll(Duration patience) throws InterruptedException {
        var end = System.nanoTime() + patience.toNanos();
        for (var copy : copies.values()) {
            if (!copy.await(Math.max(0, end - System.nanoTime()), TimeUnit.NANOSECONDS)) {
                return;
            }
        }
    }

    /// Waits until one attempt's copy is complete, or patience ends.
    public void await(String container, int attempt, Duration patience)
            throws InterruptedException {
        var copy = copies.get(ContainerIds.of(view.plan().uid(), container, attempt));
        if (copy != null) {
            copy.await(patience.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    /// Whether all of an attempt's output that will come is on the host.
    public boolean complete(String container, int attempt) {
        var copy = copies.get(ContainerIds.of(view.plan().uid(), container, attempt));
        return copy == null || copy.getCount() == 0;
    }

    /// A host's disk that is full, like a channel that breaks, is a pause: the guest keeps what is
    /// not here.
    private void follow(String id, String container, int attempt) throws InterruptedException {
        var directory = LogFile.directory(view.directory(), container);
        while (!scope.closed()) {
            try (var file = LogFile.open(directory, attempt)) {
                copy(id, file);
                return;
            } catch (StatusRuntimeException e) {
                if (e.getStatus().getCode() == Status.Code.NOT_FOUND) {
                    return;
                }
            } catch (IOException e) {
                log.log(
                        Level.WARN,
                        "{}: log of {} pauses: {}",
                        view.plan().display(),
                        container,
                        e);
            }
            if (scope.pause(RETRY)) {
                return;
            }
        }
    }

    /// Copies to the end, which comes when the container has ended.
    private void copy(String id, LogFile file) throws IOException {
        var context = Context.current().withCancellation();
        try {
            var chunks =
                    context.wrap(() ->
                                    machine.guest()
                                            .endless()
                                            .readLog(
                                                    ReadLogRequest.newBuilder()
                                                            .setContainerId(id)
                                                            .setOffset(file.offset())
                                                            .setFollow(true)
                                                            .build()))
                            .call();
            while (chunks.hasNext()) {
                var chunk = chunks.next();
                file.append(chunk.getOffset(), chunk.getData());
            }
        } catch (IOException | RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        } finally {
            context.cancel(null);
        }
    }
}
