package dev.monopod.host.machine;

import dev.monopod.host.file.FileWriter;
import dev.monopod.host.file.OwnFile;
import dev.monopod.host.file.OwnFile.Found;
import dev.monopod.host.file.PrivateFiles;
import dev.monopod.host.program.HostPrograms;
import dev.monopod.host.program.ProgramRunner;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// [Hypervisor] by QEMU's `microvm`. QEMU runs in a jail ([QemuJail]), with seccomp, in a cgroup.
/// It is started in a session of its own, so that it outlives this agent. Thread-safe; machines
/// start in parallel.
public final class QemuHypervisor implements Hypervisor {
    private static final Logger LOG = LoggerFactory.getLogger(QemuHypervisor.class);
    private static final long SOCKET_SECONDS = 60;
    private static final Duration START_LIMIT = Duration.ofSeconds(SOCKET_SECONDS);

    private final QemuConfiguration configuration;
    private final Accelerator accelerator;
    private final QemuCommand command;
    private final QemuJail jail;
    private final MachineUsers users;
    private final ScratchDisks scratchDisks;
    private final ProgramRunner programs = new HostPrograms();
    private final Clock clock = Clock.systemUTC();

    /// Finds out, once per boot of the host, whether KVM really boots a machine here.
    public QemuHypervisor(QemuConfiguration configuration) {
        this(configuration, new AcceleratorProbe(configuration).accelerator());
    }

    QemuHypervisor(QemuConfiguration configuration, Accelerator accelerator) {
        this.configuration = configuration;
        this.accelerator = accelerator;
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

    @Override
    public Accelerator accelerator() {
        return accelerator;
    }

    @Override
    public VirtualMachine start(MachineConfiguration machine) {
        QemuCommand.check(machine);
        var files = MachineFiles.of(configuration, machine.id());
        var user = claim(machine.id(), files);
        try {
            prepare(machine, files, user);
            var started = new QemuMachine(machine.id(), files, launch(machine, files, user));
            awaitChannel(started, files);
            return started;
        } catch (IOException | RuntimeException e) {
            discard(machine.id(), files);
            throw new MachineException(
                    "failed to start " + machine.id() + ": " + e.getMessage(), e);
        }
    }

    @Override
    public List<VirtualMachine> recover() {
        var machines = new ArrayList<VirtualMachine>();
        for (var id : recorded()) {
            var files = MachineFiles.of(configuration, id);
            var process = running(id, files);
            if (process.isPresent()) {
                machines.add(new QemuMachine(id, files, process.get()));
            } else {
                discard(id, files);
            }
        }
        return machines;
    }

    /// The machine's QEMU by its record; if that can't be used, by its cgroup.
    private Optional<MachineProcess> running(String id, MachineFiles files) {
        try {
            return switch (MachineRecord.read(file(files))) {
                case Found.Whole<MachineRecord>(var record) ->
                        Optional.of(record.process()).filter(MachineProcess::alive);
                case Found.Absent<MachineRecord>() -> Optional.empty();
                case Found.Damaged<MachineRecord>() -> byCgroup(id, files);
            };
        } catch (IOException e) {
            LOG.warn("machine {}: {}", id, e.getMessage());
            return new MachineCgroup(id).onlyProcess();
        }
    }

    private Optional<MachineProcess> byCgroup(String id, MachineFiles files) {
        var found = new MachineCgroup(id).onlyProcess();
        try {
            if (found.isPresent()) {
                record(id, files, found.get());
                LOG.warn("machine {}: its QEMU is process {}", id, found.get().pid());
            }
        } catch (IOException e) {
            LOG.warn("machine {}: {}", id, e.getMessage());
        }
        return found;
    }

    private void record(String id, MachineFiles files, MachineProcess process) throws IOException {
        new MachineRecord(id, process.pid(), process.startTicks()).write(file(files));
    }

    private OwnFile file(MachineFiles files) {
        return new OwnFile(files.record(), clock, FileWriter.real());
    }

    private List<String> recorded() {
        if (!Files.isDirectory(configuration.machines())) {
            return List.of();
        }
        try (var folders = Files.list(configuration.machines())) {
            return folders.map(folder -> folder.toFile().getName()).toList();
        } catch (IOException e) {
            throw new MachineException("cannot list " + configuration.machines(), e);
        }
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

    private void prepare(MachineConfiguration machine, MachineFiles files, long user)
            throws IOException {
        PrivateFiles.ensureFolder(files.run());
        files.make();
        scratchDisks.make(files.scratch(), machine.scratchBytes());
        PrivateFiles.close(files.scratch());
        Files.setAttribute(files.scratch(), "unix:uid", (int) user);
        Files.setAttribute(files.scratch(), "unix:gid", (int) user);
    }

    private MachineProcess launch(MachineConfiguration machine, MachineFiles files, long user)
            throws IOException {
        var images = new ArrayList<Path>();
        for (var image : machine.imageDisks()) {
            images.add(files.show(image));
        }
        var groups =
                new MachineCgroup(machine.id())
                        .make(
                                machine.milliCpu(),
                                QemuCommand.memoryMebiBytes(machine.memoryMebiBytes()),
                                accelerator);
        var cell = new QemuJail.Cell(files, user, groups, machine.network());
        var qemu = command.of(machine, files.scratch(), images);
        var printed = programs.output(jail.starting(cell, START_LIMIT, qemu)).strip();
        try {
            var found = MachineProcess.of(Long.parseLong(printed));
            record(machine.id(), files, found);
            return found;
        } catch (NumberFormatException e) {
            throw new IOException("the jail printed no process number: \"" + printed + "\"", e);
        } catch (MachineException e) {
            throw new IOException(words(files), e);
        }
    }

    private static void awaitChannel(QemuMachine machine, MachineFiles files) throws IOException {
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

    /// Also ends a QEMU whose number was never recorded, by its cgroup.
    private static void discard(String id, MachineFiles files) {
        try {
            new MachineCgroup(id).remove();
            files.remove();
        } catch (RuntimeException e) {
            LOG.warn("failed to remove what is left of machine {}: {}", id, e.toString());
        }
    }
}
