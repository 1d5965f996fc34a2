package dev.monopod.agent.pod.worker;

import dev.monopod.agent.pod.life.Noted;
import dev.monopod.agent.pod.life.PodInput;
import dev.monopod.agent.pod.life.PodRecord;
import dev.monopod.agent.pod.life.PodState;
import dev.monopod.agent.pod.scope.MachineHandle;
import dev.monopod.agent.pod.scope.PodReports;
import dev.monopod.agent.pod.scope.PodScope;
import dev.monopod.agent.pod.scope.PodView;
import dev.monopod.agent.pod.spec.PodAllocation;
import dev.monopod.host.file.FileWriter;
import dev.monopod.host.file.OwnFile;
import dev.monopod.kube.client.EventType;
import dev.monopod.model.loop.Loop;
import dev.monopod.model.loop.Pace;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;

/// Writes a pod's record, `pod.json`. One that cannot be written is tried again until it is, by a
/// loop of the pod; meanwhile an event says why the pod waits. Used by the pod's owner.
final class RecordKeeper {
    static final String REASON = "PodRecordUnwritable";

    private static final String FILE = "pod.json";
    private static final Pace PACE =
            Pace.whenNudged().withRetries(Duration.ofSeconds(1), Duration.ofSeconds(10));

    private final OwnFile file;
    private final PodView view;
    private final MachineHandle handle;
    private final PodScope scope;
    private final PodReports reports;
    private final ReentrantLock lock = new ReentrantLock();

    // All under the lock.
    private Optional<PodRecord> unwritten = Optional.empty();
    private Optional<Loop> loop = Optional.empty();

    RecordKeeper(PodView view, MachineHandle handle, PodScope scope, PodReports reports) {
        this.file = file(view.directory(), scope.clocks().wall());
        this.view = view;
        this.handle = handle;
        this.scope = scope;
        this.reports = reports;
    }

    private static OwnFile file(Path directory, Clock clock) {
        // Each step of each pod is written: to wait for the disk would make all starts slower, and
        // a host that loses its power loses the machines, too.
        return new OwnFile(directory.resolve(FILE), clock, FileWriter.lazy());
    }

    /// A damaged record is set aside.
    ///
    /// @throws IOException if there is one that cannot be read; it may be whole
    static Noted read(Path directory, Clock clock) throws IOException {
        return switch (file(directory, clock).read(PodRecord::parse)) {
            case OwnFile.Found.Whole<PodRecord>(PodRecord record) ->
                    new Noted.Whole(record.with(PodAllocation.read(directory)));
            case OwnFile.Found.Absent<PodRecord> _ -> new Noted.Absent();
            case OwnFile.Found.Damaged<PodRecord> _ -> new Noted.Damaged();
        };
    }

    /// Returns whether the record is on the disk. If not, it will be, unless a newer one comes
    /// before that; then the owner's mailbox gets a [PodInput.Tick].
    boolean write(PodState state) throws IOException {
        var record =
                PodRecord.of(
                        state,
                        new PodRecord.Facts(
                                view.machineName(),
                                handle.vm().isPresent(),
                                handle.images(),
                                handle.disks()),
                        scope.clocks().now());
        lock.lock();
        try {
            if (unwritten.isPresent()) {
                unwritten = Optional.of(record);
                return false;
            }
            file.replace(record.json());
            return true;
        } catch (OwnFile.Unwritable e) {
            unwritten = Optional.of(record);
            tell(e);
            loop.ifPresentOrElse(
                    Loop::nudge,
                    () ->
                            loop =
                                    Optional.of(
                                            scope.loopUntilGone(
                                                    "pod-records", "record", PACE, this::again)));
            return false;
        } finally {
            lock.unlock();
        }
    }

    /// Whether the last record is on the disk.
    boolean written() {
        lock.lock();
        try {
            return unwritten.isEmpty();
        } finally {
            lock.unlock();
        }
    }

    private void again() throws IOException {
        lock.lock();
        try {
            if (unwritten.isEmpty()) {
                return;
            }
            file.replace(unwritten.get().json());
            unwritten = Optional.empty();
        } catch (OwnFile.Unwritable e) {
            tell(e);
            throw e;
        } finally {
            lock.unlock();
        }
        reports.post(new PodInput.Tick());
    }

    private void tell(OwnFile.Unwritable e) {
        reports.event(
                EventType.WARNING,
                REASON,
                "The pod waits, since its host cannot write down how it stands: " + e.reason());
    }
}
