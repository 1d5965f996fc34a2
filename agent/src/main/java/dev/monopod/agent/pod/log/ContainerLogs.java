package dev.monopod.agent.pod.log;

import dev.monopod.agent.pod.scope.MachineHandle;
import dev.monopod.agent.pod.scope.PodScope;
import dev.monopod.agent.pod.scope.PodView;
import dev.monopod.agent.pod.spec.ContainerIds;
import dev.monopod.model.loop.Loop;
import dev.monopod.protocol.guest.ReadLogRequest;
import io.grpc.Context;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// Copies what containers say out of the guest, one task per attempt, from where the host's file
/// ends. The guest holds a container back rather than losing output, so nothing is lost when a copy
/// pauses.
public final class ContainerLogs {
    private static final Duration LONGEST_RETRY = Duration.ofSeconds(5);

    private final PodView view;
    private final PodScope scope;
    private final MachineHandle machine;
    private final Map<String, CountDownLatch> copies = new ConcurrentHashMap<>();

    public ContainerLogs(PodView view, PodScope scope, MachineHandle machine) {
        this.view = view;
        this.scope = scope;
        this.machine = machine;
        // What a machine that went has not told is not told any more.
        scope.whenClosing(() -> copies.values().forEach(CountDownLatch::countDown));
    }

    /// Starts copying an attempt's output; a second call for it does nothing.
    public void copy(String container, int attempt) {
        var id = ContainerIds.of(view.plan().uid(), container, attempt);
        var done = new CountDownLatch(1);
        if (copies.putIfAbsent(id, done) == null) {
            scope.follow(
                    "log of %s, attempt %d".formatted(container, attempt),
                    LONGEST_RETRY,
                    signs -> {
                        follow(id, LogFile.directory(view.directory(), container), attempt, signs);
                        done.countDown();
                    });
            if (scope.closed()) {
                done.countDown();
            }
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

    /// Copies to the end, which comes when the container has ended, or its guest knows no such one.
    /// A host's disk that is full, like a channel that breaks, is a pause: the guest keeps what is
    /// not here.
    private void follow(String id, Path directory, int attempt, Loop.Signs signs) throws Exception {
        try (var file = LogFile.open(directory, attempt)) {
            copy(id, file, signs);
        } catch (StatusRuntimeException e) {
            if (e.getStatus().getCode() != Status.Code.NOT_FOUND) {
                throw e;
            }
        }
    }

    private void copy(String id, LogFile file, Loop.Signs signs) throws Exception {
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
            signs.waits();
            while (chunks.hasNext()) {
                signs.works();
                var chunk = chunks.next();
                file.append(chunk.getOffset(), chunk.getData());
                signs.succeeds();
                signs.waits();
            }
        } finally {
            context.cancel(null);
        }
    }
}
