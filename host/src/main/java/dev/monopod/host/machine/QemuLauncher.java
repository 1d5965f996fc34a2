package dev.monopod.host.machine;

import dev.monopod.host.file.FileWriter;
import dev.monopod.host.file.OwnFile;
import dev.monopod.host.file.PrivateFiles;
import dev.monopod.host.machine.Hypervisor.Accelerator;
import dev.monopod.host.machine.Hypervisor.MachineConfiguration;
import dev.monopod.host.machine.MachineCgroup.Share;
import dev.monopod.host.program.ProgramRunner;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Makes one QEMU process with all that belongs to it on the host: its user, folders, disks,
/// cgroup, jail. Either all of it is there, or nothing. Thread-safe.
final class QemuLauncher {
    private static final Logger LOG = LoggerFactory.getLogger(QemuLauncher.class);
    private static final long SOCKET_SECONDS = 60;
    private static final Duration START_LIMIT = Duration.ofSeconds(SOCKET_SECONDS);

    /// What the guest of an original and of its copies takes the scratch disk for, whatever the
    /// file system in it has: more than any pod may ask for. It is sparse.
    static final long SHARED_SCRATCH_BYTES = 256L << 30;

    /// Name of the tap that leads nowhere.
    private static final String NOWHERE = "mp-nowhere";

    private final QemuConfiguration configuration;
    private final Accelerator accelerator;
    private final ProgramRunner programs;
    private final Clock clock;
    private final QemuCommand command;
    private final QemuJail jail;
    private final MachineUsers users;
    private final ScratchDisks scratchDisks;

    QemuLauncher(
            QemuConfiguration configuration,
            Accelerator accelerator,
            ProgramRunner programs,
            Clock clock) {
        this.configuration = configuration;
        this.accelerator = accelerator;
        this.programs = programs;
        this.clock = clock;
        this.command =
                new QemuCommand(
                        configuration.kernel(),
                        configuration.initramfs(),
                        accelerator,
                        ProcessorClock.kiloHertz());
        this.jail = new QemuJail(configuration, accelerator);
        this.users = MachineUsers.ofThisHost(configuration);
        this.scratchDisks = new ScratchDisks(configuration.templates(), programs);
    }

    /// Returns when QEMU has made every device and its monitor answers.
    ///
    /// @param share of the processors while it starts
    /// @throws MachineException when it can't be started; nothing is left then
    QemuMachine launch(MachineConfiguration machine, QemuOrigin origin, Share share) {
        var files = MachineFiles.of(configuration, machine.id());
        var user = claim(machine.id(), files);
        try {
            prepare(machine, origin, files, user);
            var process = start(machine, origin, files, user, share);
            var started = new QemuMachine(machine.id(), files, process);
            awaitMonitor(started, files);
            return started;
        } catch (IOException | RuntimeException e) {
            discard(machine.id(), files);
            throw new MachineException(
                    "failed to start " + machine.id() + ": " + e.getMessage(), e);
        }
    }

    /// Removes what is left of a machine; also ends a QEMU whose number was never recorded, by its
    /// cgroup.
    static void discard(String id, MachineFiles files) {
        try {
            new MachineCgroup(files.slot()).remove();
            files.remove();
        } catch (RuntimeException e) {
            LOG.warn("failed to remove what is left of machine {}: {}", id, e.toString());
        }
    }

    OwnFile record(MachineFiles files) {
        return new OwnFile(files.record(), clock, FileWriter.real());
    }

    /// Makes the machine's folder, which is also what keeps two machines of one name apart.
    private long claim(String id, MachineFiles files) {
        try {
            return users.claim(files.data());
        } catch (FileAlreadyExistsException e) {
            throw new MachineException("machine " + id + " exists already", e);
        } catch (IOException e) {
            throw new MachineException("cannot create " + files.data(), e);
        }
    }

    private void prepare(
            MachineConfiguration machine, QemuOrigin origin, MachineFiles files, long user)
            throws IOException {
        PrivateFiles.ensureFolder(files.run());
        files.make(machine.id());
        var shared = origin.begunWith().flatMap(Saved::shared);
        if (shared.isPresent()) {
            files.share(shared.get());
        }
        switch (origin) {
            case QemuOrigin.Boot() -> scratchDisks.make(files.scratch(), machine.scratchBytes());
            case QemuOrigin.Copy(_), QemuOrigin.Waiting(_, _) -> {
                scratchDisks.make(files.scratch(), machine.scratchBytes());
                ScratchDisks.stretch(files.scratch(), SHARED_SCRATCH_BYTES);
            }
            // No pod ever writes to it.
            case QemuOrigin.Original(_, _) ->
                    ScratchDisks.stretch(files.scratch(), SHARED_SCRATCH_BYTES);
        }
        PrivateFiles.close(files.scratch());
        Files.setAttribute(files.scratch(), "unix:uid", (int) user);
        Files.setAttribute(files.scratch(), "unix:gid", (int) user);
    }

    private MachineProcess start(
            MachineConfiguration machine,
            QemuOrigin origin,
            MachineFiles files,
            long user,
            Share share)
            throws IOException {
        var images = new ArrayList<Path>();
        for (var image : machine.imageDisks()) {
            images.add(files.show(image));
        }
        var memory = QemuCommand.memoryMebiBytes(machine.memoryMebiBytes());
        var groups = new MachineCgroup(machine.id()).make(share, memory, accelerator);
        var cell = new QemuJail.Cell(files, user, groups, tap(machine, origin), origin);
        var qemu = command.of(machine, origin, files.scratch(), images);
        var printed = programs.output(jail.starting(cell, START_LIMIT, qemu)).strip();
        try {
            var found = MachineProcess.of(Long.parseLong(printed));
            new MachineRecord(machine.id(), found.pid(), found.startTicks(), machine.milliCpu())
                    .write(record(files));
            return found;
        } catch (NumberFormatException e) {
            throw new IOException("the jail printed no process number: \"" + printed + "\"", e);
        } catch (MachineException e) {
            throw new IOException(words(files), e);
        }
    }

    /// An original needs the same device as its copies, but nobody to talk to.
    private static Optional<QemuJail.Tap> tap(MachineConfiguration machine, QemuOrigin origin) {
        return switch (origin) {
            case QemuOrigin.Original(_, _) ->
                    Optional.of(new QemuJail.Tap(Optional.empty(), NOWHERE));
            case QemuOrigin.Waiting(_, var name) ->
                    Optional.of(new QemuJail.Tap(Optional.empty(), name));
            case QemuOrigin.Boot(), QemuOrigin.Copy(_) ->
                    machine.network()
                            .map(tap ->
                                    new QemuJail.Tap(
                                            Optional.of(tap.networkNamespace()), tap.name()));
        };
    }

    private static void awaitMonitor(QemuMachine machine, MachineFiles files) throws IOException {
        var deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(SOCKET_SECONDS);
        try {
            while (!monitorAnswers(files)) {
                if (!machine.alive()) {
                    throw new IOException(words(files));
                }
                if (System.nanoTime() - deadline > 0) {
                    machine.destroy(Duration.ZERO);
                    throw new IOException(
                            "QEMU's monitor did not answer within %d s".formatted(SOCKET_SECONDS));
                }
                TimeUnit.MILLISECONDS.sleep(2);
            }
        } catch (InterruptedException e) {
            machine.destroy(Duration.ZERO);
            Thread.currentThread().interrupt();
            throw new IOException("interrupted");
        }
    }

    /// The monitor greets only when every device has been made: sockets alone prove nothing.
    private static boolean monitorAnswers(MachineFiles files) {
        try (var monitor = Qmp.connect(files.qmp())) {
            return monitor.execute("query-status", Map.of()).has("status");
        } catch (IOException e) {
            return false;
        }
    }

    private static String words(MachineFiles files) {
        var words = files.log().tail();
        return words.isEmpty() ? "QEMU ended at once without a word" : words;
    }
}
